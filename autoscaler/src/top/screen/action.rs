//! What a key asks for.

use crate::top::model::SortKey;

/// One thing that a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Leave the program.
    Quit,
    /// Stop the program as the shell's job control does (Ctrl-Z).
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One screenful up.
    PageUp,
    /// One screenful down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Fold the row, or go to the row above it in the tree.
    Fold,
    /// Unfold the row.
    Unfold,
    /// Fold or unfold.
    ToggleFold,
    /// Fold all but the root.
    FoldAll,
    /// Unfold all.
    UnfoldAll,
    /// Open what is selected.
    Open,
    /// Leave what is open, or clear search and filter.
    Back,
    /// Show or leave the help.
    Help,
    /// Open the menu of orders.
    SortMenu,
    /// Sort by this.
    Sort(SortKey),
    /// Turn the order around.
    Reverse,
    /// Start to type what to look for.
    Search,
    /// The next row that was looked for.
    NextMatch,
    /// The one before.
    PreviousMatch,
    /// Start to type what to show alone.
    Filter,
    /// Hold the picture while collecting goes on, or go on.
    Pause,
    /// A longer interval.
    Slower,
    /// A shorter one.
    Faster,
    /// Share of one CPU, share of the host, time in all.
    CycleUnit,
    /// A character for the prompt.
    Type(char),
    /// Take the last character away.
    Erase,
    /// Done with the prompt.
    Accept,
}
