//! Advice on the name of a project that there is not.

/// Names less alike than this, of 1, are not offered.
const ALIKE: f64 = 0.6;

/// Of `known` the one that was probably meant by `name`; `None` where all are too far from it.
#[must_use]
pub fn meant<'k>(name: &str, known: &'k [String]) -> Option<&'k str> {
    let near = known
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    near.map(|(_, near)| near.as_str())
}

/// Advice on a name that is none of `known`: the nearest one, or all.
#[must_use]
pub fn nearest(name: &str, known: &[String]) -> String {
    match meant(name, known) {
        Some(near) => format!("did you mean {near:?}?"),
        None if known.is_empty() => "the configuration has none".into(),
        None => format!("there are: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_met_with_the_name_that_was_meant_and_anything_else_with_all() {
        let known = ["backdipro", "backdipro-celery", "frontend"].map(str::to_owned);
        for slip in ["backdirpo", "Backdipro", "backdipr", "bakdipro"] {
            assert_eq!(nearest(slip, &known), "did you mean \"backdipro\"?", "{slip}");
        }
        assert_eq!(
            nearest("mail", &known),
            "there are: backdipro, backdipro-celery, frontend"
        );
        assert_eq!(nearest("mail", &[]), "the configuration has none");
    }
}
