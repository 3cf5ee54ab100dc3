//! The metadata of triggers, good and bad.

use super::*;

fn read(metadata: &[(&str, &str)]) -> Result<Trigger, ScalerFault> {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Trigger::read("shop", &metadata.iter().map(own).collect())
}

const BUSY: [(&str, &str); 4] = [
    ("scalerAddress", "autoscaler-keda.autoscaler:9921"),
    ("workload", "web"),
    ("measure", "busy"),
    ("target", "0.7"),
];

/// `BUSY` with these besides, or in place of what it has.
fn with(others: &[(&str, &str)]) -> Result<Trigger, ScalerFault> {
    let kept = BUSY
        .iter()
        .filter(|(key, _)| !others.iter().any(|(other, _)| other == key));
    read(&kept.chain(others).copied().collect::<Vec<_>>())
}

#[test]
fn the_namespace_is_the_scaled_object_s_own_unless_it_says_otherwise() {
    let trigger = read(&BUSY).unwrap();
    assert_eq!((trigger.target, trigger.activation), (0.7, 0.0));
    let Source::Pods { pods, slots, .. } = &trigger.source else {
        panic!("{trigger:?}");
    };
    assert_eq!((pods.namespace(), *slots), ("shop", 1));
    let other = with(&[("namespace", "till"), ("slots", "8"), ("activation", "0.5")]).unwrap();
    let Source::Pods { pods, slots, .. } = &other.source else {
        panic!("{other:?}");
    };
    assert_eq!((pods.namespace(), *slots, other.activation), ("till", 8, 0.5));
}

#[test]
fn a_query_stands_alone() {
    let query = ("query", "sum(up)");
    let trigger = read(&[query, ("target", "3")]).unwrap();
    assert_eq!(trigger.source, Source::Query("sum(up)".into()));
    assert_eq!(trigger.metric(), "autoscaler-query");
    assert_eq!(
        with(&[query]),
        Err(ScalerFault::Beside {
            key: "workload",
            other: "query"
        })
    );
}

#[test]
fn what_is_missing_or_misspelt_is_named() {
    for key in ["workload", "measure", "target"] {
        let rest: Vec<_> = BUSY.into_iter().filter(|(name, _)| *name != key).collect();
        assert_eq!(read(&rest), Err(ScalerFault::Missing { key }));
    }
    let misspelt = with(&[("activaton", "3")]);
    assert!(
        matches!(&misspelt, Err(ScalerFault::Unknown { key, .. }) if key == "activaton"),
        "{misspelt:?}"
    );
    assert_eq!(
        with(&[("measure", "cpu"), ("slots", "4")]),
        Err(ScalerFault::Beside {
            key: "slots",
            other: "measure"
        })
    );
}

#[test]
fn no_value_can_bring_a_query_of_its_own() {
    let strangers = [
        r#"web"} or vector(1) or up{x=""#,
        "web|.*",
        "web.+",
        "we[b]",
        "web\\d",
        "web\nweb",
        "wéb",
        "Web",
        "",
        "web(x)",
        "web{2}",
        "$1",
        "^web$",
    ];
    for text in strangers {
        for (key, want) in [
            ("namespace", WantedValue::Namespace),
            ("workload", WantedValue::Workload),
        ] {
            let refused = with(&[(key, text)]);
            assert!(
                matches!(&refused, Err(ScalerFault::Bad { key: told, want: wanted, .. }) if *told == key && *wanted == want),
                "{key} {text:?}: {refused:?}"
            );
        }
    }
    // The ScaledObject's own namespace comes over the wire, too.
    let own = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    let metadata = BUSY.map(own).into_iter().collect();
    assert!(Trigger::read(r#"a",x=""#, &metadata).is_err());
    for (key, text) in [
        ("window", "1m]) or vector(1"),
        ("window", "5"),
        ("window", "2h"),
        ("window", "9s"),
        ("slots", "0"),
        ("slots", "1.5"),
        ("target", "0"),
        ("target", "0.0001"),
        ("target", "NaN"),
        ("target", "inf"),
        ("target", "-1"),
        ("target", "1e300"),
        ("activation", "-0.1"),
        ("measure", "cpus"),
        ("measure", "Busy"),
    ] {
        let refused = with(&[(key, text)]);
        assert!(
            matches!(&refused, Err(ScalerFault::Bad { key: told, .. }) if *told == key),
            "{key} {text:?}: {refused:?}"
        );
    }
}
