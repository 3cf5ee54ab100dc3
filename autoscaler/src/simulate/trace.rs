//! A recorded series, read from CSV: `timestamp,value`, one line each, in the order of time.

use std::io::Read;

use super::timestamp;

/// A recorded series: at least two values, their moments strictly rising, each finite and not negative.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    samples: Vec<(f64, f64)>,
}

/// Why a CSV cannot be used. Lines count from 1.
#[derive(Debug)]
pub enum TraceError {
    /// It cannot be read.
    Unreadable(std::io::Error),
    /// It is no text.
    NotUtf8 {
        /// The first line with a byte that is none.
        line: usize,
    },
    /// Fewer than two values.
    TooShort {
        /// Values found.
        values: usize,
    },
    /// A heading without the two columns.
    Columns {
        /// The columns' names.
        found: Vec<String>,
        /// What else to do.
        hint: Heading,
    },
    /// A line with something else.
    Line {
        /// The line.
        line: u64,
        /// What is wrong.
        fault: LineFault,
    },
}

told_by_words!(TraceError);

/// What has probably become of a heading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// `;` stands between the columns, as where a comma is decimal.
    Semicolons,
    /// A tab stands between them.
    Tabs,
    /// There is none, and more than two columns.
    Missing,
    /// It has other names.
    OtherNames,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq)]
pub enum LineFault {
    /// Its timestamp is none.
    Timestamp(String),
    /// It ends before its value.
    NoValue,
    /// Its value is empty.
    EmptyValue,
    /// Its value has a decimal comma; with a point instead.
    DecimalComma(String, String),
    /// Its value is no number of 0 or more.
    Value(String),
    /// It has more fields than the first line.
    TooMany {
        /// Its fields.
        fields: usize,
        /// Those of the first line.
        width: usize,
        /// A value that a decimal comma has probably parted, and with a point instead.
        parted: Option<(String, String)>,
    },
    /// It is earlier than the line before it.
    Earlier {
        /// Its moment.
        now: String,
        /// That of the line before.
        then: String,
        /// The line before.
        line: u64,
    },
    /// It is of the same moment as the line before it.
    Twice {
        /// The moment.
        now: String,
        /// The line before.
        line: u64,
    },
    /// It is no CSV, in the words of the library that reads it.
    Csv(String),
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
        input.read_to_end(&mut bytes).map_err(TraceError::Unreadable)?;
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
            let at = timestamp::parse(at).ok_or_else(|| at_fault(LineFault::Timestamp(at.to_owned())))?;
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
        fault: LineFault::Csv(error.to_string()),
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
        Some(only) if first.len() == 1 && only.contains(';') => Heading::Semicolons,
        Some(only) if first.len() == 1 && only.contains('\t') => Heading::Tabs,
        Some(first) if timestamp::parse(first).is_some() => Heading::Missing,
        _ => Heading::OtherNames,
    };
    let found = first.iter().map(str::to_owned).collect();
    Err(TraceError::Columns { found, hint })
}

fn value(field: Option<&str>) -> Result<f64, LineFault> {
    match field {
        None => Err(LineFault::NoValue),
        Some("") => Err(LineFault::EmptyValue),
        Some(text) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
            _ => Err(match with_point(text) {
                Some(number) => LineFault::DecimalComma(text.to_owned(), number),
                None => LineFault::Value(text.to_owned()),
            }),
        },
    }
}

/// What is wrong with a line that has more fields than the first has. Mostly a decimal comma has parted a value in two,
/// and the first half of it must not be taken for the whole.
fn too_many(record: &csv::StringRecord, width: usize, value_column: usize) -> LineFault {
    let parts = record.get(value_column).zip(record.get(value_column + 1));
    let parted = parts.and_then(|(whole, part)| {
        let written = format!("{whole},{part}");
        let number = with_point(&written)?;
        Some((written, number))
    });
    LineFault::TooMany {
        fields: record.len(),
        width,
        parted,
    }
}

/// `1.9` of `1,9`; `None` of what is no number with one comma.
fn with_point(text: &str) -> Option<String> {
    let (whole, part) = text.split_once(',')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(part)).then(|| format!("{whole}.{part}"))
}

fn disorder(at: f64, before: f64, line: u64) -> LineFault {
    let (now, then) = (timestamp::format(at), timestamp::format(before));
    if at < before {
        LineFault::Earlier { now, then, line }
    } else {
        LineFault::Twice { now, line }
    }
}
