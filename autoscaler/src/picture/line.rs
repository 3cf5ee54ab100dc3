//! Lines of points, with no more of them than tell something.

/// Points of one unbroken line: seconds, and the value.
pub(crate) type Line = Vec<(f64, f64)>;

/// Adds a point; one in the middle of a level stretch is moved on instead.
pub(crate) fn push(line: &mut Line, point: (f64, f64)) {
    #[expect(clippy::float_cmp, reason = "the same figure again, not one near it")]
    if let [.., (_, before), (at, last)] = line.as_mut_slice()
        && *before == point.1
        && *last == point.1
    {
        *at = point.0;
    } else if line.last() != Some(&point) {
        line.push(point);
    }
}
