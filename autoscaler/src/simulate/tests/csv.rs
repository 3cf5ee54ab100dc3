//! Recordings as people have them, and as they break them.

use std::time::Duration;

use super::super::{Demand, DemandError, Scale, Trace, demand_error, trace_error};
use crate::model::Language;

fn error(text: &str) -> String {
    trace_error(Language::En, &Trace::parse(text).unwrap_err())
}

const GOOD: &str = "timestamp,value\n2014-07-01 00:00:00,10\n2014-07-01 00:30:00,30.5\n";

#[test]
fn every_layout_gives_the_same_series() {
    let plain = Trace::parse(GOOD).unwrap();
    assert_eq!(plain.samples().len(), 2);
    for text in [
        format!("\u{feff}{GOOD}"),
        GOOD.replace('\n', "\r\n"),
        GOOD.replace('\n', "\r"),
        GOOD.trim_end().to_owned(),
        GOOD.replace('\n', "\n\n"),
        GOOD.replace("timestamp,value\n", ""),
        "Value,host,Timestamp\n10,a,2014-07-01T00:00Z\n30.5,b,2014-07-01T00:30Z\n".to_owned(),
        "timestamp,value\n\"2014-07-01 00:00:00\",\"10\"\n 1404174600 , 30.5 \n".to_owned(),
    ] {
        assert_eq!(Trace::parse(&text).unwrap(), plain, "{text:?}");
    }
    assert_eq!(Trace::read(GOOD.as_bytes()).unwrap(), plain);
}

#[test]
fn each_broken_line_is_named_with_what_to_do() {
    for (line, said) in [
        (
            "2014-07-01 01:00:00,NaN",
            "line 4: the value is \"NaN\": write a number of 0 or more",
        ),
        ("2014-07-01 01:00:00,inf", "line 4: the value is \"inf\""),
        ("2014-07-01 01:00:00,-1", "line 4: the value is \"-1\""),
        ("2014-07-01 01:00:00,1.2.3", "line 4: the value is \"1.2.3\""),
        (
            "2014-07-01 01:00:00,",
            "line 4: the value is empty: write a number of 0 or more, or take the line out",
        ),
        ("2014-07-01 01:00:00", "line 4: the value is missing"),
        (
            "2014-07-01 01:00:00,1,9",
            "line 4: it has 3 fields where the first line has 2: is 1,9 one value, with a decimal comma? Then write 1.9",
        ),
        (
            "2014-07-01 01:00:00,1,9,2",
            "line 4: it has 4 fields where the first line has 2: is 1,9 one value",
        ),
        (
            "2014-07-01 01:00:00,1,web",
            "line 4: it has 3 fields where the first line has 2: take the others out, or name them in the heading",
        ),
        (
            "2014-07-01 01:00:00,1,",
            "line 4: it has 3 fields where the first line has 2: take",
        ),
        (
            "2014-07-01 01:00:00,\"1,9\"",
            "line 4: the value is \"1,9\": write 1.9, with a decimal point",
        ),
        (
            "2014-07-01 01:00:00,\"1.234,5\"",
            "line 4: the value is \"1.234,5\": write a number of 0 or more",
        ),
        (
            "yesterday,1",
            "line 4: \"yesterday\" is no timestamp: write it like",
        ),
        (
            "2014-07-01 00:10:00,1",
            "line 4: 2014-07-01 00:10:00 comes after 2014-07-01 00:30:00 of line 3: put the lines",
        ),
        (
            "2014-07-01 00:30:00,1",
            "line 4: 2014-07-01 00:30:00 was there already in line 3: keep one",
        ),
    ] {
        for ends in ["\n", "\r\n", "\r"] {
            let text = format!("{GOOD}{line}\n").replace('\n', ends);
            assert!(error(&text).starts_with(said), "{line}: {}", error(&text));
        }
    }
}

#[test]
fn a_file_that_is_no_series_says_what_to_write() {
    for (text, said) in [
        ("", "0 value(s), and a series needs two or more"),
        ("\u{feff}", "0 value(s)"),
        ("timestamp,value\n", "0 value(s)"),
        ("timestamp,value\n2014-07-01,1\n", "1 value(s)"),
        (
            "time,load\n2014-07-01,1\n",
            "the columns are \"time\", \"load\", and one must be named timestamp and one value",
        ),
        (
            "timestamp;value\n2014-07-01;1\n",
            "separate them by , instead of ;, and write 1.9 for 1,9: tr ',;' '.,' does both",
        ),
        ("timestamp\tvalue\n", "instead of a tab"),
        (
            "2014-07-01,1,2\n",
            "the columns are \"2014-07-01\", \"1\", \"2\", and one must be named timestamp and one value: write the heading timestamp,value, and 1.9 for 1,9",
        ),
        (
            "0,1\n120,1,9\n",
            "line 2: it has 3 fields where the first line has 2",
        ),
    ] {
        assert!(error(text).contains(said), "{text:?}: {}", error(text));
    }
    let binary = Trace::read(&b"timestamp,value\n\xff\xfe"[..]).unwrap_err();
    let binary = trace_error(Language::En, &binary);
    assert!(binary.starts_with("line 2: it is not UTF-8"), "{binary}");
}

fn demand(text: &str, window: std::ops::Range<f64>) -> Result<Demand, String> {
    let trace = Trace::parse(text).unwrap();
    Demand::new(&trace, Scale::BusyWorkers, Duration::from_mins(2), window)
        .map_err(|error| demand_error(Language::En, &error))
}

const ALL: std::ops::Range<f64> = f64::NEG_INFINITY..f64::INFINITY;

#[test]
fn a_gap_is_filled_with_the_value_before_it_and_counted() {
    let series = demand("0,1\n120,2\n240,3\n840,1\n960,1\n", ALL).unwrap();
    assert_eq!((series.gaps.count, series.checks()), (1, 9));
    assert!((series.gaps.seconds - 480.0).abs() < 1e-9);
    let cpus: Vec<f64> = series.intervals().flatten().map(|piece| piece.cpus).collect();
    assert_eq!(cpus, [1.0, 2.0, 3.0, 3.0, 3.0, 3.0, 3.0, 1.0, 1.0]);
}

#[test]
fn values_finer_and_coarser_than_a_check_are_both_kept() {
    let fine = demand("0,1\n60,3\n120,5\n180,5\n", ALL).unwrap();
    let pieces: Vec<usize> = fine.intervals().map(<[_]>::len).collect();
    assert_eq!(pieces, [2, 2]);
    assert!((fine.cpu_seconds() - 840.0).abs() < 1e-9);
    let coarse = demand("0,1\n300,2\n600,1\n", ALL).unwrap();
    let pieces: Vec<usize> = coarse.intervals().map(<[_]>::len).collect();
    assert_eq!(pieces, [1, 1, 2, 1, 1, 1, 1], "the last half check is not used");
}

#[test]
fn a_window_outside_or_too_small_or_too_large_says_so() {
    let text = "0,1\n120,2\n240,3\n";
    assert!(
        demand(text, 1e6..2e6)
            .unwrap_err()
            .starts_with("nothing was recorded from 1970-01-12")
    );
    assert!(
        demand(text, 0.0..60.0)
            .unwrap_err()
            .contains("less than one check (120 s)")
    );
    let typo = "2014-07-01,1\n2014-07-02,1\n9014-07-03,1\n";
    assert!(demand(typo, ALL).unwrap_err().contains("is a timestamp wrong?"));
    let zero = Trace::parse("0,0\n60,0\n").unwrap();
    let error = Demand::new(&zero, Scale::MeanDemand(2.0), Duration::from_mins(1), ALL).unwrap_err();
    assert!(matches!(error, DemandError::AllZero(_)));
}
