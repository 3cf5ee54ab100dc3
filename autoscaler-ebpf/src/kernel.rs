//! The kernel's own structures, read by direct loads at offsets that the loader took from the running
//! kernel's type information. The map that holds them is frozen, so the verifier knows each as a constant,
//! checks that it falls on a field, and follows the types of pointers.

use aya_ebpf::Global;

macro_rules! offsets {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        $($(#[$doc])* #[unsafe(no_mangle)] static $name: Global<u64> = Global::new(0);)*
    };
}

offsets! {
    /// `task_struct.pid`
    TASK_PID;
    /// `task_struct.tgid`
    TASK_TGID;
    /// `task_struct.se.sum_exec_runtime`
    TASK_EXEC;
    /// `task_struct.se.prev_sum_exec_runtime`
    TASK_PREV_EXEC;
    /// `task_struct.sched_info.run_delay`
    TASK_DELAY;
    /// `task_struct.cgroups`
    TASK_CGROUPS;
    /// `css_set.dfl_cgrp`
    CSS_SET_CGROUP;
    /// `cgroup.kn`
    CGROUP_NODE;
    /// `cgroup.self.flags`
    CGROUP_FLAGS;
    /// `kernfs_node.id`
    NODE_ID;
    /// `kernfs_node.parent`, `__parent` since 6.15
    NODE_PARENT;
}

/// A pointer to a kernel structure that the verifier knows the type of.
macro_rules! structure {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub(crate) struct $name(*const u8);

        impl $name {
            #[inline(always)]
            fn load<T: Copy>(self, offset: &Global<u64>) -> T {
                // SAFETY: the verifier has checked that a field of this structure is at this offset; should
                // the structure be gone, its fault handler reads zero.
                unsafe { self.0.add(offset.load() as usize).cast::<T>().read() }
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
        self.load(&TASK_PID)
    }

    #[inline(always)]
    pub(crate) fn tgid(self) -> u32 {
        self.load(&TASK_TGID)
    }

    /// On-CPU time so far, ns. `update_curr` has brought it up to date before a switch is traced.
    #[inline(always)]
    pub(crate) fn exec(self) -> u64 {
        self.load(&TASK_EXEC)
    }

    /// `exec` when the task was last put on a CPU.
    #[inline(always)]
    pub(crate) fn prev_exec(self) -> u64 {
        self.load(&TASK_PREV_EXEC)
    }

    /// Run-queue wait so far, ns. At a switch it does not yet contain the wait that the switch ends.
    #[inline(always)]
    pub(crate) fn delay(self) -> u64 {
        self.load(&TASK_DELAY)
    }

    #[inline(always)]
    pub(crate) fn css_set(self) -> CssSet {
        CssSet(self.load(&TASK_CGROUPS))
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
        Cgroup(self.load(&CSS_SET_CGROUP))
    }
}

impl Cgroup {
    #[inline(always)]
    pub(crate) fn new(pointer: *const u8) -> Self {
        Self(pointer)
    }

    #[inline(always)]
    pub(crate) fn node(self) -> Node {
        Node(self.load(&CGROUP_NODE))
    }

    /// Whether its directory is gone: `CSS_ONLINE` (1 << 1) is cleared before the removal is traced.
    #[inline(always)]
    pub(crate) fn is_removed(self) -> bool {
        self.load::<u32>(&CGROUP_FLAGS) & (1 << 1) == 0
    }
}

impl Node {
    /// The inode number of the directory, never used twice.
    #[inline(always)]
    pub(crate) fn id(self) -> u64 {
        self.load(&NODE_ID)
    }

    #[inline(always)]
    pub(crate) fn parent(self) -> Option<Self> {
        let parent: *const u8 = self.load(&NODE_PARENT);
        if parent.is_null() {
            None
        } else {
            Some(Self(parent))
        }
    }
}
