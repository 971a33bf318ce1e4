//! The user's own places: `places.csv` with a line `CIDR,lat,lon,label` for each network, which wins over all
//! tables. Bad lines are told one by one and the good ones work. Where the file lies, and when it is looked
//! at again, is decided elsewhere.

use std::{
    fmt,
    fs::{self, Metadata},
    io,
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use super::{
    GeoSource, SourceInfo,
    import::{AddressRange, Columns, Span},
};
use crate::model::{Asn, Place, plain_address};

/// A hand-written file is far smaller; a larger one is some other file. Bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// One line that could not be used. Lines count from 1; 0 stands for the whole file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    pub line: usize,
    pub problem: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.problem),
            line => write!(f, "line {line}: {}", self.problem),
        }
    }
}

/// Places by network; the longest prefix wins, and of two lines for one network the later.
#[derive(Clone, Debug)]
pub struct UserPlaces {
    v4: Columns<u32>,
    v6: Columns<u128>,
    places: Vec<Place>,
    info: SourceInfo,
}

impl Default for UserPlaces {
    fn default() -> Self {
        Self::from_lines(Vec::new())
    }
}

impl UserPlaces {
    /// A first line whose second column begins with `lat` is a header; empty lines and those that begin with
    /// `#` are passed over. A label with a comma stands in double quotes. A bare address is a network of one.
    pub fn parse(text: &[u8]) -> (Self, Vec<LineError>) {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let (mut lines, mut errors) = (Vec::new(), Vec::new());
        let mut may_be_header = true;
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if std::mem::take(&mut may_be_header) && is_header(line) {
                continue;
            }
            match parse_line(line) {
                Ok(parsed) => lines.push(parsed),
                Err(problem) => errors.push(LineError { line: index + 1, problem }),
            }
        }
        (Self::from_lines(lines), errors)
    }

    fn from_lines(lines: Vec<(AddressRange, Place)>) -> Self {
        let (mut v4, mut v6, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (value, (range, place)) in (0u32..).zip(lines) {
            match range {
                AddressRange::V4(start, end) => v4.push(Span { start, end, value }),
                AddressRange::V6(start, end) => v6.push(Span { start, end, value }),
            }
            places.push(place);
        }
        let info = SourceInfo {
            name: "places.csv".into(),
            date: None,
            attribution: String::new(),
            has_places: !places.is_empty(),
            has_asns: false,
        };
        Self { v4: Columns::from_spans(v4), v6: Columns::from_spans(v6), places, info }
    }

    /// Number of lines in use.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl GeoSource for UserPlaces {
    /// The label is the city.
    fn place(&self, address: IpAddr) -> Option<Place> {
        let line = match plain_address(address) {
            IpAddr::V4(address) => self.v4.get(address.into()),
            IpAddr::V6(address) => self.v6.get(address.into()),
        }?;
        self.places.get(line as usize).cloned()
    }

    fn asn(&self, _: IpAddr) -> Option<Asn> {
        None
    }

    fn info(&self) -> &SourceInfo {
        &self.info
    }
}

/// `places.csv` on disk, read anew when it changes.
#[derive(Debug)]
pub struct UserPlacesFile {
    pub path: PathBuf,
    /// What was there at the last look.
    seen: Option<Stamp>,
}

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stamp {
    File { modified: Option<SystemTime>, bytes: u64 },
    Unreadable(io::ErrorKind),
}

impl UserPlacesFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, seen: None }
    }

    /// Looks at the file's time and size. `Some` when it appeared, changed or vanished since the last look
    /// (then there are no places), or cannot be read any more; at the first look, when there is one.
    pub fn poll(&mut self) -> Option<(UserPlaces, Vec<LineError>)> {
        let metadata = fs::metadata(&self.path);
        let stamp = match &metadata {
            Ok(metadata) => Some(Stamp::File { modified: metadata.modified().ok(), bytes: metadata.len() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => Some(Stamp::Unreadable(error.kind())),
        };
        if stamp == self.seen {
            return None;
        }
        self.seen = stamp;
        let text = match metadata.and_then(|metadata| self.read(&metadata)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.seen = None;
                Vec::new()
            }
            Err(error) => {
                let problem = format!("{}: {error}", self.path.display());
                return Some((UserPlaces::default(), vec![LineError { line: 0, problem }]));
            }
        };
        Some(UserPlaces::parse(&text))
    }

    fn read(&self, metadata: &Metadata) -> io::Result<Vec<u8>> {
        if !metadata.is_file() {
            return Err(io::Error::other("not a file"));
        }
        if metadata.len() > MAX_FILE_BYTES {
            return Err(io::Error::other(format!("larger than {} MiB", MAX_FILE_BYTES >> 20)));
        }
        fs::read(&self.path)
    }
}

/// Splits a line at its commas. A field may stand in double quotes, with spaces around them, where `""` is
/// one quote.
fn fields(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, behind) = match rest.trim_start().strip_prefix('"') {
            Some(quoted) => split_quoted(quoted)?,
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].trim().to_owned(), &rest[end..])
            }
        };
        fields.push(field);
        match behind.strip_prefix(',') {
            Some(behind) => rest = behind,
            None => return Ok(fields),
        }
    }
}

/// `text` begins behind the opening quote. Gives what is quoted, and what follows: a comma or nothing.
fn split_quoted(text: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (piece, behind) = rest.split_once('"').ok_or("a double quote is not closed")?;
        field += piece;
        match behind.strip_prefix('"') {
            Some(behind) => {
                field.push('"');
                rest = behind;
            }
            None => {
                let behind = behind.trim_start();
                let ends = behind.is_empty() || behind.starts_with(',');
                return if ends {
                    Ok((field, behind))
                } else {
                    Err(format!("expected a comma before {behind:?}"))
                };
            }
        }
    }
}

fn is_header(line: &[u8]) -> bool {
    line.split(|&byte| byte == b',')
        .nth(1)
        .is_some_and(|name| name.trim_ascii().to_ascii_lowercase().starts_with(b"lat"))
}

fn parse_line(line: &[u8]) -> Result<(AddressRange, Place), String> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8")?;
    let fields = fields(line)?;
    let (network, lat, lon, label) = match fields.as_slice() {
        [network, lat, lon] => (network, lat, lon, ""),
        [network, lat, lon, label] => (network, lat, lon, label.as_str()),
        _ => return Err(format!("expected CIDR,lat,lon,label, found {} columns", fields.len())),
    };
    let range = AddressRange::from_network(network).ok_or_else(|| {
        format!("expected a network such as 192.0.2.0/24 or 2001:db8::/32, found {network:?}")
    })?;
    let place = Place {
        lat: degrees(lat, "latitude", 90.0)?,
        lon: degrees(lon, "longitude", 180.0)?,
        city: label.into(),
        region: Arc::default(),
        country: None,
    };
    Ok((range, place))
}

fn degrees(text: &str, name: &str, limit: f32) -> Result<f32, String> {
    let degrees: Option<f32> = text.parse().ok();
    degrees
        .filter(|degrees| degrees.abs() <= limit)
        .ok_or_else(|| format!("expected a {name} from -{limit} to {limit} degrees, found {text:?}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn label(places: &UserPlaces, address: &str) -> Option<String> {
        places.place(address.parse().unwrap()).map(|place| place.city.to_string())
    }

    #[test]
    fn longest_prefix_wins_then_the_later_line() {
        let (places, errors) = UserPlaces::parse(
            b"network,lat,lon,label\r\n# home\n\n10.0.0.0/8, 52.5, 13.4, \"Office, Berlin\"\r\n\
              10.1.0.0/16,48.1,11.6,Munich\n\
              \"10.1.2.3\",0,0,\"Null \"\"Island\"\"\"\n10.1.0.0/16,48.2,11.5,Munich again\n\
              fd00::/8,1,2,Lab\n::ffff:192.0.2.0/120,3,4,Mapped\n",
        );
        assert_eq!(errors, []);
        assert_eq!(places.len(), 6);
        assert_eq!(label(&places, "10.9.9.9").as_deref(), Some("Office, Berlin"));
        assert_eq!(label(&places, "10.1.9.9").as_deref(), Some("Munich again"));
        // A point that tables use for "unknown" is the user's to choose.
        assert_eq!(label(&places, "10.1.2.3").as_deref(), Some("Null \"Island\""));
        assert_eq!(label(&places, "::ffff:10.1.2.3").as_deref(), Some("Null \"Island\""));
        assert_eq!(label(&places, "fd12::1").as_deref(), Some("Lab"));
        assert_eq!(label(&places, "192.0.2.77").as_deref(), Some("Mapped"));
        assert_eq!(label(&places, "11.0.0.0"), None);
        let place = places.place("10.9.9.9".parse().unwrap()).unwrap();
        assert_eq!((place.lat, place.lon, place.country), (52.5, 13.4, None));
    }

    #[test]
    fn bad_lines_are_named_and_the_good_ones_work() {
        let text = b"192.0.2.0/24,52.5,13.4,Good\n192.0.2.0/33,1,2,x\n\
                     192.0.2.0/24,95,0,x\n192.0.2.0/24,1,east,x\n\
                     192.0.2.0/24,1\n192.0.2.0/24,1,2,a,b\n\
                     192.0.2.0/24,1,2,\"open\n192.0.2.0/24,1,2,\xff\n\
                     192.0.2.0/24,1,2,\"a\" b\nlat,lat,lat\n\
                     198.51.100.0/24,1,2\n";
        let (places, errors) = UserPlaces::parse(text);
        let told: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "line 2: expected a network such as 192.0.2.0/24 or 2001:db8::/32, found \"192.0.2.0/33\"",
                "line 3: expected a latitude from -90 to 90 degrees, found \"95\"",
                "line 4: expected a longitude from -180 to 180 degrees, found \"east\"",
                "line 5: expected CIDR,lat,lon,label, found 2 columns",
                "line 6: expected CIDR,lat,lon,label, found 5 columns",
                "line 7: a double quote is not closed",
                "line 8: not UTF-8",
                "line 9: expected a comma before \"b\"",
                "line 10: expected a network such as 192.0.2.0/24 or 2001:db8::/32, found \"lat\"",
            ]
        );
        assert_eq!(label(&places, "192.0.2.1").as_deref(), Some("Good"));
        assert_eq!(label(&places, "198.51.100.1").as_deref(), Some(""));
    }

    #[test]
    fn a_file_is_read_when_it_appears_changes_or_vanishes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("places.csv");
        let mut file = UserPlacesFile::new(path.clone());
        assert!(file.poll().is_none());

        fs::write(&path, "192.0.2.0/24,1,2,First\n").unwrap();
        let (places, errors) = file.poll().unwrap();
        assert_eq!((label(&places, "192.0.2.1").as_deref(), errors.len()), (Some("First"), 0));
        assert!(file.poll().is_none());

        // Of equal size, and later: the file's own clock is set, not waited for.
        fs::write(&path, "192.0.2.0/24,1,2,Later\n").unwrap();
        let later = SystemTime::now() + Duration::from_secs(5);
        fs::File::options().write(true).open(&path).unwrap().set_modified(later).unwrap();
        assert_eq!(label(&file.poll().unwrap().0, "192.0.2.1").as_deref(), Some("Later"));
        assert!(file.poll().is_none());

        fs::remove_file(&path).unwrap();
        let (places, errors) = file.poll().unwrap();
        assert!(places.is_empty() && errors.is_empty());
        assert!(file.poll().is_none());

        fs::create_dir(&path).unwrap();
        let (places, errors) = file.poll().unwrap();
        assert!(places.is_empty());
        assert!(errors[0].to_string().ends_with("places.csv: not a file"), "{}", errors[0]);
        assert!(file.poll().is_none());
    }

    proptest! {
        #[test]
        fn the_longest_prefix_always_wins(
            nets in prop::collection::vec((any::<u32>(), 0u8..=32), 1..12),
            flips in prop::collection::vec((any::<prop::sample::Index>(), 0u32..32), 1..24),
        ) {
            let text: String = nets
                .iter()
                .enumerate()
                .map(|(line, &(address, prefix))| (line, std::net::Ipv4Addr::from(address), prefix))
                .map(|(line, address, prefix)| format!("{address}/{prefix},1,2,{line}\n"))
                .collect();
            let (places, errors) = UserPlaces::parse(text.as_bytes());
            prop_assert!(errors.is_empty());
            for (index, bit) in flips {
                let address = index.get(&nets).0 ^ (1 << bit);
                let naive = nets
                    .iter()
                    .enumerate()
                    .filter(|&(_, &(net, prefix))| prefix == 0 || (net ^ address) >> (32 - prefix) == 0)
                    .max_by_key(|&(line, &(_, prefix))| (prefix, line))
                    .map(|(line, _)| line.to_string());
                let found = places.place(IpAddr::V4(address.into())).map(|place| place.city.to_string());
                prop_assert_eq!(found, naive);
            }
        }
    }
}
