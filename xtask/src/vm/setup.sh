#!/bin/sh
# Turns the tree of installed packages at $1 into the guest. mmdebstrap runs it as a hook, with /proc mounted.
# $FOREIGN: folder with kernel packages of other suites. $NEWEST: folder with Python packages.
set -eu
root=$1

# Unpacked aside: /lib is a link in the guest, and unpacking a package that has /lib as a folder would replace it.
for package in "$FOREIGN"/*.deb; do
    [ -f "$package" ] || continue
    aside=$(mktemp -d)
    dpkg-deb -x "$package" "$aside"
    for modules in "$aside"/lib/modules/* "$aside"/usr/lib/modules/*; do
        [ -d "$modules" ] || continue
        release=${modules##*/}
        mkdir -p "$root/usr/lib/modules/$release"
        cp -a "$modules/." "$root/usr/lib/modules/$release/"
    done
    for kernel in "$aside"/boot/vmlinuz-* "$aside"/boot/config-*; do
        [ -f "$kernel" ] && cp "$kernel" "$root/boot/"
    done
    rm -rf "$aside"
done

# Only what finds the disk: unpacking a full initial RAM disk is slow on an emulated CPU.
printf 'MODULES=list\nCOMPRESS=lz4\n' >"$root/etc/initramfs-tools/conf.d/guest"
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
mkdir -p "$root/kernels"
for modules in "$root"/usr/lib/modules/*; do
    release=${modules##*/}
    mkdir -p "$root/kernels/$release"
    if [ -f "$modules/vmlinuz" ]; then
        mv "$modules/vmlinuz" "$root/kernels/$release/vmlinuz"
    else
        mv "$root/boot/vmlinuz-$release" "$root/kernels/$release/vmlinuz"
    fi
    # mkinitramfs asks the kernel's configuration which compressions it can unpack.
    [ -f "$modules/config" ] && cp "$modules/config" "$root/boot/config-$release"
    chroot "$root" depmod "$release"
    chroot "$root" mkinitramfs -o "/kernels/$release/initrd" "$release"
done
rm -f "$root"/boot/*

mkdir -p "$root/opt"
cp -r "$NEWEST" "$root/opt/newest"

echo guest >"$root/etc/hostname"
echo '127.0.0.1 localhost guest' >"$root/etc/hosts"
printf '/dev/vda / ext4 defaults 0 0\n/dev/vdb /payload ext4 defaults,nofail 0 0\n' >"$root/etc/fstab"
mkdir -p "$root/payload"
chroot "$root" passwd -d root >/dev/null
# The journal is what the scenarios read: all of it, on disk, without rate limit.
mkdir -p "$root/etc/systemd/journald.conf.d" "$root/var/log/journal"
printf '[Journal]\nStorage=persistent\nRateLimitIntervalSec=0\nSyncIntervalSec=1s\n' \
    >"$root/etc/systemd/journald.conf.d/guest.conf"

cat >"$root/etc/systemd/system/scenarios.service" <<'UNIT'
[Unit]
Description=Scenarios from the payload disk
RequiresMountsFor=/payload
ConditionKernelCommandLine=!guest.shell
After=multi-user.target
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
ExecStart=/payload/in/run
OOMScoreAdjust=-1000
UNIT
for port in ttyS0 ttyAMA0; do
    mkdir -p "$root/etc/systemd/system/serial-getty@$port.service.d"
    cat >"$root/etc/systemd/system/serial-getty@$port.service.d/shell.conf" <<'UNIT'
[Unit]
ConditionKernelCommandLine=guest.shell
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200,38400,9600 - $TERM
UNIT
done
ln -s ../scenarios.service "$root/etc/systemd/system/multi-user.target.wants/scenarios.service"
# Timers and services that have nothing to do in a guest that lives for minutes.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    redis-server.service systemd-timesyncd.service; do
    chroot "$root" systemctl mask "$unit" >/dev/null 2>&1
done
# What runs containers, and supervisord, are started by the scenario that needs them.
for unit in apparmor.service containerd.service docker.service docker.socket podman-auto-update.timer podman-restart.service \
    podman.service podman.socket supervisor.service; do
    if [ -e "$root/usr/lib/systemd/system/$unit" ]; then
        chroot "$root" systemctl mask "$unit" >/dev/null 2>&1
    fi
done
