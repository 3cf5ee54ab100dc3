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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_met_with_the_name_that_was_meant() {
        let known = ["backdipro", "backdipro-celery", "frontend"].map(str::to_owned);
        for slip in ["backdirpo", "Backdipro", "backdipr", "bakdipro"] {
            assert_eq!(meant(slip, &known), Some("backdipro"), "{slip}");
        }
        assert_eq!(meant("mail", &known), None);
        assert_eq!(meant("mail", &[]), None);
    }
}
