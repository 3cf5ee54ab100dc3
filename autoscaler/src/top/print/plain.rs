//! Aligned columns. All of them on every host, `-` where a figure is not known, so that a script can count on
//! their places.

use crate::top::model::{Column, Entry, Model, Unit, text};

pub(super) fn text(model: &Model, entries: &[&Entry], headings: bool, first: bool) -> Vec<u8> {
    let mut out = String::new();
    if headings {
        if !first {
            out.push('\n');
        }
        for column in Column::ALL {
            out.push_str(&text::fit_right(column.title(Unit::OneCpu), column.width()));
            out.push(' ');
        }
        out.push_str("CGROUP\n");
    }
    for entry in entries {
        for column in Column::ALL {
            let cell = column.text(entry, Unit::OneCpu, model.host.as_ref());
            out.push_str(&text::fit_right(cell.as_deref().unwrap_or("-"), column.width()));
            out.push(' ');
        }
        out.push_str(&text::clean(&entry.place.path));
        out.push('\n');
    }
    out.into_bytes()
}
