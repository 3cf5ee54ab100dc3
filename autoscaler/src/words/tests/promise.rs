//! How a promise was kept, in both languages.

use std::time::{Duration, SystemTime};

use crate::model::{Kept, Lately, Lateness, Promise, Stretch};
use crate::words::promise;
use crate::words::tests::both;

const HOUR: Duration = Duration::from_hours(1);

fn stretch(covered: Duration, whole: bool, (begun, late): (u64, f64)) -> Stretch {
    Stretch {
        since: SystemTime::UNIX_EPOCH,
        covered,
        whole,
        requests: Lateness { begun, late },
    }
}

fn kept(today: Stretch, week: Stretch) -> [String; 2] {
    let lately = Some(Lately { today, week });
    both(|language| {
        let promise_of = Promise::default();
        promise(
            language,
            &Kept {
                promise: promise_of,
                lately,
            },
        )
    })
}

#[test]
fn today_and_the_week_are_told_beside_what_was_promised() {
    let told = kept(
        stretch(9 * HOUR, true, (1000, 6.0)),
        stretch(168 * HOUR, true, (10_000, 94.0)),
    );
    assert_eq!(
        told,
        [
            "over 100 ms: 0.6 % today, 0.9 % in 7 days of 1 % promised",
            "más de 100 ms: 0.6 % hoy, 0.9 % en 7 días de un 1 % prometido"
        ]
    );
}

#[test]
fn what_is_covered_is_told_where_it_is_less() {
    let known = |hours| stretch(hours * HOUR, false, (1000, 6.0));
    let today = stretch(9 * HOUR, true, (1000, 0.0));
    for (today, week, told) in [
        (
            known(2),
            known(2),
            ["0.6 % in 2h00m of 1 %", "0.6 % en 2h00m de un 1 %"],
        ),
        (
            today,
            known(30),
            [
                "0 % today, 0.6 % in 30h00m of 1 %",
                "0 % hoy, 0.6 % en 30h00m de un 1 %",
            ],
        ),
        (
            today,
            known(80),
            [
                "0 % today, 0.6 % in 3 days of 1 %",
                "0 % hoy, 0.6 % en 3 días de un 1 %",
            ],
        ),
    ] {
        let said = kept(today, week);
        assert_eq!(
            said,
            [
                format!("over 100 ms: {} promised", told[0]),
                format!("más de 100 ms: {} prometido", told[1])
            ]
        );
    }
}

#[test]
fn few_late_requests_are_not_none_and_no_request_is_no_share() {
    for (requests, told) in [
        ((0, 0.0), "no requests"),
        ((1_000_000, 0.0), "0 %"),
        ((1_000_000, 1.0), "<0.01 %"),
        ((10_000, 4.0), "0.04 %"),
        ((1000, 21.0), "2.1 %"),
        ((100, 37.4), "37 %"),
    ] {
        let [en, _] = kept(
            stretch(HOUR, true, (10, 0.0)),
            stretch(168 * HOUR, true, requests),
        );
        assert_eq!(
            en,
            format!("over 100 ms: 0 % today, {told} in 7 days of 1 % promised")
        );
    }
    let promise_of = Promise {
        wait: Duration::from_micros(62_500),
        percent: 0.5,
    };
    let told = both(|language| {
        promise(
            language,
            &Kept {
                promise: promise_of,
                lately: None,
            },
        )
    });
    assert_eq!(
        told,
        [
            "over 62.5 ms: no request seen yet, 0.5 % promised",
            "más de 62.5 ms: aún no se ha visto ninguna petición, 0.5 % prometido"
        ]
    );
}
