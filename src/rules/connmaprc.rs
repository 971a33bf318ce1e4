//! Reads from connmap's own settings file, `connmaprc`, the one thing that carries over: how large its map was.
//! The file has a name and a value a line, parted by blanks; what it does not know, connmap skips, and so does this.

/// Widths of a map that can be meant, in pixels; outside them the file is taken as broken.
const MAP_WIDTHS: std::ops::RangeInclusive<u32> = 64..=16_384;

/// Width and height in pixels of connmap's map, whose height is half its width.
pub fn start_size(text: &str) -> Option<(u32, u32)> {
    let width = value(text, "map_width").filter(|width| MAP_WIDTHS.contains(width))?;
    Some((width, width / 2))
}

/// The last line of a name counts, as it does in connmap.
fn value(text: &str, name: &str) -> Option<u32> {
    let mut found = None;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        if words.next() == Some(name) {
            found = words.next().and_then(|word| word.parse().ok()).or(found);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLED: &str = "location_x 20\nlocation_y 500\nmap_width 1000\nblack false\nupdate_interval 1\n";

    #[test]
    fn the_installed_file_gives_the_size() {
        assert_eq!(start_size(INSTALLED), Some((1000, 500)));
    }

    #[test]
    fn odd_files_are_read_as_far_as_they_go() {
        assert_eq!(start_size(""), None);
        assert_eq!(start_size("\u{feff}map_width"), None);
        assert_eq!(start_size("map_width wide"), None);
        assert_eq!(start_size("map_width 0\r\n"), None);
        assert_eq!(start_size("map_width -800"), None);
        assert_eq!(start_size("map_width 4000000000"), None);
        assert_eq!(start_size("colour red\r\n\tmap_width\t501 px\r\n"), Some((501, 250)));
        assert_eq!(start_size("map_width 800\nmap_width 640\n"), Some((640, 320)));
    }
}
