//! Amounts as people read them.

/// Bytes in the largest decimal unit that leaves a figure before the point.
pub(super) fn bytes(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, "B");
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1_000.0 {
            break;
        }
        (value, unit) = (value / 1_000.0, larger);
    }
    if unit == "B" || value >= 100.0 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn amounts_read_well() {
        let read = super::bytes;
        assert_eq!(read(0), "0 B");
        assert_eq!(read(999), "999 B");
        assert_eq!(read(84_000), "84.0 kB");
        assert_eq!(read(1_234_567), "1.2 MB");
        assert_eq!(read(u64::MAX), "18446744 TB");
    }
}
