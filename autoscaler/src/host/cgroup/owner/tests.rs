//! Paths as container runtimes, kubelets and systemd make them.

use proptest::prelude::*;

use super::*;

const A: &str = "022c4ffba65e5031285fd427553e56c3fd6cc85a3a49f3fa2825d0a258d8a5d6";
const B: &str = "b2a102854b4969b2ce98dc329c86b4fb2b06e4ad2cc8da9d8a7578c9cd2004a2";
const UID: &str = "1858680e-b044-4fd5-9dd4-f137e30e2180";
const HASH: &str = "99dcb84d2a34f7e338778606703258c4";

use Runtime::{Containerd, CriO, Docker, Podman};

/// Runtime and id of a container.
type Kept = (Option<Runtime>, &'static str);

/// Path, with `{A}` and `{B}` for ids, `{U}` for a uid, `{S}` for it as slices have it, and `{H}` for that of a static pod; unit,
/// container and pod.
type Row = (
    &'static str,
    Option<&'static str>,
    Option<Kept>,
    Option<&'static str>,
);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // systemd alone.
    ("/", None, None, None),
    ("", None, None, None),
    ("/init.scope", Some("init.scope"), None, None),
    ("/system.slice", Some("system.slice"), None, None),
    ("/system.slice/shop.service", Some("shop.service"), None, None),
    ("/system.slice/shop.service/workers", Some("shop.service"), None, None),
    ("/system.slice/system-getty.slice/getty@tty1.service", Some("getty@tty1.service"), None, None),
    (r"/system.slice/dev-disk-by\x2duuid-1.swap", Some(r"dev-disk-by\x2duuid-1.swap"), None, None),
    ("/system.slice/_cpu.service", Some("cpu.service"), None, None),
    ("/system.slice/__hidden.service", Some("_hidden.service"), None, None),
    ("/system.slice/boot-efi.mount", Some("boot-efi.mount"), None, None),
    ("/user.slice/user-1000.slice/session-3.scope", Some("session-3.scope"), None, None),
    ("/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service", Some("editor.service"), None, None),
    ("/user.slice/user-1000.slice/user@1000.service", Some("user@1000.service"), None, None),
    (r"/machine.slice/machine-qemu\x2d1\x2dvm.scope", Some(r"machine-qemu\x2d1\x2dvm.scope"), None, None),
    ("/a folder.service", None, None, None),
    ("/.service", None, None, None),
    ("/lxc.monitor.web", None, None, None),
    ("/system.slice/docker.service", Some("docker.service"), None, None),
    // Docker.
    ("/system.slice/docker-{A}.scope", Some("docker-{A}.scope"), Some((Some(Docker), A)), None),
    ("/docker/{A}", None, Some((Some(Docker), A)), None),
    ("/docker/{A}/system.slice/containerd.service", Some("containerd.service"), Some((Some(Docker), A)), None),
    ("/shop.slice/docker-{A}.scope", Some("docker-{A}.scope"), Some((Some(Docker), A)), None),
    ("/actions_job/{A}", None, Some((None, A)), None),
    ("/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope",
     Some("docker-{A}.scope"), Some((Some(Docker), A)), None),
    ("/system.slice:docker:{A}", None, Some((Some(Docker), A)), None),
    ("/docker/buildkit/psvc3m8y4sq1kp2ggxxjvq1ae", None, None, None),
    ("/system.slice/docker-022c4ffba65e.scope", Some("docker-022c4ffba65e.scope"), None, None),
    // Podman.
    ("/machine.slice/libpod-{A}.scope", Some("libpod-{A}.scope"), Some((Some(Podman), A)), None),
    ("/machine.slice/libpod-{A}.scope/container", Some("libpod-{A}.scope"), Some((Some(Podman), A)), None),
    ("/machine.slice/libpod-conmon-{A}.scope", Some("libpod-conmon-{A}.scope"), None, None),
    ("/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope/container",
     Some("libpod-{A}.scope"), Some((Some(Podman), A)), None),
    ("/machine.slice/machine-libpod_pod_{B}.slice", Some("machine-libpod_pod_{B}.slice"), None, None),
    ("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container",
     Some("libpod-{A}.scope"), Some((Some(Podman), A)), None),
    ("/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_{B}.slice/libpod-{A}.scope",
     Some("libpod-{A}.scope"), Some((Some(Podman), A)), None),
    ("/libpod_parent/libpod-{A}", None, Some((Some(Podman), A)), None),
    ("/libpod_parent/conmon", None, None, None),
    ("/system.slice/web.service/libpod-payload-{A}", Some("web.service"), Some((Some(Podman), A)), None),
    ("/system.slice/web.service/runtime", Some("web.service"), None, None),
    // containerd and nerdctl without a kubelet.
    ("/system.slice/nerdctl-{A}.scope", Some("nerdctl-{A}.scope"), Some((Some(Containerd), A)), None),
    ("/user.slice/user-1000.slice/user@1000.service/user.slice/nerdctl-{A}.scope",
     Some("nerdctl-{A}.scope"), Some((Some(Containerd), A)), None),
    ("/default/{A}", None, Some((Some(Containerd), A)), None),
    ("/system.slice/containerd.service", Some("containerd.service"), None, None),
    // A kubelet with the systemd driver.
    ("/kubepods.slice", Some("kubepods.slice"), None, None),
    ("/kubepods.slice/kubepods-burstable.slice", Some("kubepods-burstable.slice"), None, None),
    ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{S}.slice",
     Some("kubepods-burstable-pod{S}.slice"), None, Some(UID)),
    ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{S}.slice/cri-containerd-{A}.scope",
     Some("cri-containerd-{A}.scope"), Some((Some(Containerd), A)), Some(UID)),
    ("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{S}.slice/crio-{A}.scope",
     Some("crio-{A}.scope"), Some((Some(CriO), A)), Some(UID)),
    ("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{S}.slice/crio-{A}.scope/container",
     Some("crio-{A}.scope"), Some((Some(CriO), A)), Some(UID)),
    ("/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod{S}.slice/crio-conmon-{A}.scope",
     Some("crio-conmon-{A}.scope"), None, Some(UID)),
    ("/kubepods.slice/kubepods-pod{S}.slice/docker-{A}.scope",
     Some("docker-{A}.scope"), Some((Some(Docker), A)), Some(UID)),
    ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{H}.slice/cri-containerd-{A}.scope",
     Some("cri-containerd-{A}.scope"), Some((Some(Containerd), A)), Some(HASH)),
    ("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podNOTAUUID.slice/cri-containerd-{A}.scope",
     Some("cri-containerd-{A}.scope"), Some((Some(Containerd), A)), None),
    // k3s keeps its containers in the same places; its own service is one of systemd's.
    ("/system.slice/k3s.service", Some("k3s.service"), None, None),
    // kind: the node is a container, and its kubelet has a slice of its own.
    ("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{S}.slice/cri-containerd-{A}.scope",
     Some("cri-containerd-{A}.scope"), Some((Some(Containerd), A)), Some(UID)),
    ("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{S}.slice",
     Some("kubelet-kubepods-pod{S}.slice"), None, Some(UID)),
    ("/system.slice/docker-{B}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{S}.slice/cri-containerd-{A}.scope",
     Some("cri-containerd-{A}.scope"), Some((Some(Containerd), A)), Some(UID)),
    ("/system.slice/docker-{B}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod{S}.slice",
     Some("kubelet-kubepods-pod{S}.slice"), None, Some(UID)),
    ("/system.slice/docker-{B}.scope/kubelet.slice/kubelet.service", Some("kubelet.service"), Some((Some(Docker), B)), None),
    ("/docker/{B}/kubelet/kubepods/burstable/pod{U}/{A}", None, Some((None, A)), Some(UID)),
    // A kubelet with the cgroupfs driver.
    ("/kubepods/burstable/pod{U}/{A}", None, Some((None, A)), Some(UID)),
    ("/kubepods/besteffort/pod{U}/crio-{A}", None, Some((Some(CriO), A)), Some(UID)),
    ("/kubepods/besteffort/pod{U}/crio-conmon-{A}", None, None, Some(UID)),
    ("/kubepods/pod{U}/{A}", None, Some((None, A)), Some(UID)),
    ("/kubepods/pod{U}", None, None, Some(UID)),
    ("/kubepods/burstable/pod{H}/{A}", None, Some((None, A)), Some(HASH)),
    ("/kubepods/burstable", None, None, None),
    ("/podium", None, None, None),
    // A runtime that names slices, over one that knows none.
    ("/kubepods-besteffort-pod{S}.slice:cri-containerd:{A}", None, Some((Some(Containerd), A)), Some(UID)),
    ("/system.slice/containerd.service/kubepods-pod{S}.slice:cri-containerd:{A}",
     Some("containerd.service"), Some((Some(Containerd), A)), Some(UID)),
    ("/system.slice/kubepods-burstable-pod{S}.slice:crio:{A}", Some("system.slice"), Some((Some(CriO), A)), Some(UID)),
    // A container in a pod that runs containers of its own.
    ("/kubepods.slice/kubepods-pod{S}.slice/cri-containerd-{B}.scope/docker/{A}",
     Some("cri-containerd-{B}.scope"), Some((Some(Docker), A)), Some(UID)),
];

fn filled(text: &str) -> String {
    text.replace("{A}", A)
        .replace("{B}", B)
        .replace("{U}", UID)
        .replace("{S}", &UID.replace('-', "_"))
        .replace("{H}", HASH)
}

#[test]
fn paths_of_every_kind() {
    for (path, unit, container, pod_uid) in TABLE {
        let path = filled(path);
        let expected = Owner {
            unit: unit.map(filled),
            container: container.map(|(runtime, id)| Container {
                runtime,
                id: id.to_owned(),
            }),
            pod_uid: pod_uid.map(str::to_owned),
        };
        assert_eq!(owner(&path), expected, "{path}");
    }
}

/// Parts of paths, real and nearly so.
fn part() -> impl Strategy<Value = String> {
    let known = TABLE
        .iter()
        .flat_map(|(path, ..)| path.split('/'))
        .map(filled)
        .collect::<Vec<_>>();
    prop_oneof![
        prop::sample::select(known.clone()),
        (
            prop::sample::select(known),
            any::<prop::sample::Index>(),
            any::<char>()
        )
            .prop_map(|(name, at, other)| {
                let mut name: Vec<char> = name.chars().collect();
                if !name.is_empty() {
                    let at = at.index(name.len());
                    name[at] = other;
                }
                name.into_iter().collect()
            }),
        "[-:_.a-z0-9/é]{0,80}",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn no_path_breaks_it_and_what_is_found_stands_in_the_path(parts in prop::collection::vec(part(), 0..6)) {
        let path = parts.join("/");
        let found = owner(&path);
        if let Some(unit) = &found.unit {
            prop_assert!(path.contains(unit.as_str()));
        }
        if let Some(container) = &found.container {
            prop_assert!(is_id(&container.id) && path.contains(&container.id));
        }
        if let Some(uid) = &found.pod_uid {
            prop_assert!(path.replace('_', "-").contains(uid.as_str()));
        }
        // What is below is its own as well.
        prop_assert_eq!(owner(&format!("{path}/below")), found);
    }
}
