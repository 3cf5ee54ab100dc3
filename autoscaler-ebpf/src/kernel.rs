//! The kernel's own structures, read by direct loads. In each of these instructions stands the number of a field; the
//! loader writes over it where the running kernel has that field, as its type information tells. The verifier checks
//! that every load falls on a field, and follows the types of pointers.

use autoscaler_common::Field;

/// A pointer to a kernel structure that the verifier knows the type of.
macro_rules! structure {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(*const u8);

        impl $name {
            #[inline(always)]
            fn load<T: Copy>(self, field: Field) -> T {
                // SAFETY: the verifier has checked that a field of this structure is at the offset that the loader
                // has put here; should the structure be gone, its fault handler reads zero.
                unsafe { self.0.add(field as usize).cast::<T>().read() }
            }
        }
    };
}

structure! {
    /// `struct task_struct`: include/linux/sched.h
    Task
}
structure! {
    /// `struct css_set`: the cgroups of a task, one for each hierarchy. include/linux/cgroup-defs.h
    CssSet
}
structure! {
    /// `struct cgroup`: include/linux/cgroup-defs.h
    Cgroup
}
structure! {
    /// `struct kernfs_node`: a cgroup's directory. include/linux/kernfs.h
    Node
}

impl Task {
    #[inline(always)]
    pub(crate) fn new(pointer: *const u8) -> Self {
        Self(pointer)
    }

    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        self.0 as u64
    }

    /// 0 for every CPU's idle task.
    #[inline(always)]
    pub(crate) fn pid(self) -> u32 {
        self.load(Field::TaskPid)
    }

    #[inline(always)]
    pub(crate) fn tgid(self) -> u32 {
        self.load(Field::TaskTgid)
    }

    /// On-CPU time so far, ns. `update_curr` has brought it up to date before a switch is traced.
    #[inline(always)]
    pub(crate) fn exec(self) -> u64 {
        self.load(Field::TaskExec)
    }

    /// `exec` when the task was last put on a CPU.
    #[inline(always)]
    pub(crate) fn prev_exec(self) -> u64 {
        self.load(Field::TaskPrevExec)
    }

    /// Run-queue wait so far, ns. At a switch it does not yet contain the wait that the switch ends.
    #[inline(always)]
    pub(crate) fn delay(self) -> u64 {
        self.load(Field::TaskDelay)
    }

    #[inline(always)]
    pub(crate) fn css_set(self) -> CssSet {
        CssSet(self.load(Field::TaskCgroups))
    }
}

impl CssSet {
    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        self.0 as u64
    }

    /// The cgroup v2 among them.
    #[inline(always)]
    pub(crate) fn cgroup(self) -> Cgroup {
        Cgroup(self.load(Field::CssSetCgroup))
    }
}

impl Cgroup {
    #[inline(always)]
    pub(crate) fn new(pointer: *const u8) -> Self {
        Self(pointer)
    }

    #[inline(always)]
    pub(crate) fn address(self) -> u64 {
        self.0 as u64
    }

    #[inline(always)]
    pub(crate) fn node(self) -> Node {
        Node(self.load(Field::CgroupNode))
    }

    /// Whether its directory is gone: `CSS_ONLINE` (1 << 1) is cleared before the removal is traced.
    #[inline(always)]
    pub(crate) fn is_removed(self) -> bool {
        self.load::<u32>(Field::CgroupFlags) & (1 << 1) == 0
    }
}

impl Node {
    /// The inode number of the directory, never used twice.
    #[inline(always)]
    pub(crate) fn id(self) -> u64 {
        self.load(Field::NodeId)
    }

    #[inline(always)]
    pub(crate) fn parent(self) -> Option<Self> {
        let parent: *const u8 = self.load(Field::NodeParent);
        if parent.is_null() {
            None
        } else {
            Some(Self(parent))
        }
    }
}
