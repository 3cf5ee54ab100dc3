//! A recorded series, read from CSV: `timestamp,value`, one line each, in the order of time.

use std::io::Read;

use super::timestamp;

/// A recorded series: at least two values, their moments strictly rising, each finite and not negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    samples: Vec<(f64, f64)>,
}

/// Why a CSV cannot be used. Each names its line, from 1, and says what to do.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    /// It is no text.
    #[error("line {line}: it is not UTF-8 text from this line on; save it as UTF-8")]
    NotUtf8 {
        /// The first line with a byte that is none.
        line: usize,
    },
    /// Fewer than two values.
    #[error(
        "it holds {values} value(s), and a series needs two or more: write lines like 2014-07-01 00:00:00,12.5"
    )]
    TooShort {
        /// Values found.
        values: usize,
    },
    /// A heading without the two columns.
    #[error("line 1: the columns are {found}, and one must be named timestamp and one value{hint}")]
    Columns {
        /// The columns' names.
        found: String,
        /// What else to do.
        hint: &'static str,
    },
    /// A line with something else.
    #[error("line {line}: {fault}")]
    Line {
        /// The line.
        line: u64,
        /// What is wrong and what to do.
        fault: String,
    },
}

impl Trace {
    /// A series of these moments, in seconds since 1970, and values; `None` of fewer than two. A moment that is not
    /// after the one before it (a clock that was set back) is left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = (f64, f64)>) -> Option<Self> {
        let mut samples: Vec<(f64, f64)> = Vec::new();
        for (at, value) in values {
            if samples.last().is_none_or(|(before, _)| at > *before) {
                samples.push((at, value));
            }
        }
        (samples.len() >= 2).then_some(Self { samples })
    }

    /// Reads a CSV. A byte order mark, any line ends, quotes and further columns are accepted.
    ///
    /// # Errors
    /// The first fault.
    pub fn read(mut input: impl Read) -> Result<Self, TraceError> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let line = String::from_utf8_lossy(&error.as_bytes()[..valid])
                .matches('\n')
                .count()
                + 1;
            TraceError::NotUtf8 { line }
        })?;
        Self::parse(&text)
    }

    /// Parses the text of a CSV, as [`Trace::read`] does.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        // The line numbers of the reader count `\n` alone.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let mut columns = None;
        let mut width = 0;
        let mut samples: Vec<(f64, f64)> = Vec::new();
        let mut record = csv::StringRecord::new();
        let mut line_before = 0;
        while next(&mut reader, &mut record)? {
            let line = record.position().map_or(0, csv::Position::line);
            let at_fault = |fault| TraceError::Line { line, fault };
            let (timestamp_column, value_column) = if let Some(columns) = columns {
                columns
            } else {
                let (found, heading) = find_columns(&record)?;
                columns = Some(found);
                width = record.len();
                if heading {
                    continue;
                }
                found
            };
            if record.len() > width {
                return Err(at_fault(too_many(&record, width, value_column)));
            }
            let at = record.get(timestamp_column).unwrap_or_default();
            let at = timestamp::parse(at).ok_or_else(|| {
                at_fault(format!(
                    "{at:?} is no timestamp: write it like 2014-07-01 00:30:00, or as seconds since 1970"
                ))
            })?;
            let value = value(record.get(value_column)).map_err(at_fault)?;
            if let Some((before, _)) = samples.last()
                && at <= *before
            {
                return Err(at_fault(disorder(at, *before, line_before)));
            }
            samples.push((at, value));
            line_before = line;
        }
        if samples.len() < 2 {
            return Err(TraceError::TooShort {
                values: samples.len(),
            });
        }
        Ok(Self { samples })
    }

    /// Moments in seconds since 1970, and values.
    #[must_use]
    pub fn samples(&self) -> &[(f64, f64)] {
        &self.samples
    }

    /// The mean of the values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.samples.iter().map(|(_, value)| value).sum::<f64>() / self.samples.len() as f64
    }

    /// The usual time between two values, in seconds: the median.
    #[must_use]
    pub fn step(&self) -> f64 {
        let mut steps: Vec<f64> = self
            .samples
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0)
            .collect();
        let middle = steps.len() / 2;
        *steps.select_nth_unstable_by(middle, f64::total_cmp).1
    }
}

fn next(reader: &mut csv::Reader<&[u8]>, record: &mut csv::StringRecord) -> Result<bool, TraceError> {
    reader.read_record(record).map_err(|error| TraceError::Line {
        line: error.position().map_or(0, csv::Position::line),
        fault: error.to_string(),
    })
}

/// Which columns hold timestamp and value, and whether this first line is a heading.
fn find_columns(first: &csv::StringRecord) -> Result<((usize, usize), bool), TraceError> {
    let column = |name| first.iter().position(|field| field.eq_ignore_ascii_case(name));
    if let (Some(timestamp), Some(value)) = (column("timestamp"), column("value")) {
        return Ok(((timestamp, value), true));
    }
    let without_heading = first.get(0).and_then(timestamp::parse).is_some() && first.len() == 2;
    if without_heading {
        return Ok(((0, 1), false));
    }
    let hint = match first.iter().next() {
        Some(only) if first.len() == 1 && only.contains(';') => {
            "; separate them by , instead of ;, and write 1.9 for 1,9: tr ',;' '.,' does both"
        }
        Some(only) if first.len() == 1 && only.contains('\t') => "; separate them by , instead of a tab",
        Some(first) if timestamp::parse(first).is_some() => {
            ": write the heading timestamp,value, and 1.9 for 1,9"
        }
        _ => ": write the heading timestamp,value",
    };
    let found = first
        .iter()
        .map(|field| format!("{field:?}"))
        .collect::<Vec<_>>()
        .join(", ");
    Err(TraceError::Columns { found, hint })
}

fn value(field: Option<&str>) -> Result<f64, String> {
    let advice =
        "write a number of 0 or more, or take the line out: a missing line is a gap, and gaps are filled";
    match field {
        None => Err(format!("the value is missing: {advice}")),
        Some("") => Err(format!("the value is empty: {advice}")),
        Some(text) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
            _ => match with_point(text) {
                Some(number) => Err(format!(
                    "the value is {text:?}: write {number}, with a decimal point"
                )),
                None => Err(format!("the value is {text:?}: {advice}")),
            },
        },
    }
}

/// What is said of a line with more fields than the first has. Mostly a decimal comma has parted a value in two, and
/// the first half of it must not be taken for the whole.
fn too_many(record: &csv::StringRecord, width: usize, value_column: usize) -> String {
    let counted = format!("it has {} fields where the first line has {width}", record.len());
    let parts = record.get(value_column).zip(record.get(value_column + 1));
    let number = parts.and_then(|(whole, part)| {
        let written = format!("{whole},{part}");
        Some((with_point(&written)?, written))
    });
    match number {
        Some((number, written)) => {
            format!("{counted}: is {written} one value, with a decimal comma? Then write {number}")
        }
        None => format!("{counted}: take the others out, or name them in the heading"),
    }
}

/// `1.9` of `1,9`; `None` of what is no number with one comma.
fn with_point(text: &str) -> Option<String> {
    let (whole, part) = text.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part)).then(|| format!("{whole}.{part}"))
}

fn disorder(at: f64, before: f64, line_before: u64) -> String {
    let (now, then) = (timestamp::format(at), timestamp::format(before));
    if at < before {
        format!(
            "{now} comes after {then} of line {line_before}: put the lines in the order of time, for example with sort"
        )
    } else {
        format!("{now} was there already in line {line_before}: keep one of the two")
    }
}
