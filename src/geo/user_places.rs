//! The user's own places: `places.csv` with a line `CIDR,lat,lon,label` for each network, which wins over all tables.
//! Bad lines are told one by one and the good ones work. Where the file lies, and when it is looked at again, is
//! decided elsewhere.

use std::{
    fmt,
    fs::{self, Metadata},
    io,
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use csv::{ByteRecord, ReaderBuilder};

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
    /// A first line whose second column begins with `lat` is a header; empty lines and those that begin with `#`
    /// are passed over. A label with a comma stands in double quotes. A bare address is a network of one.
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

    /// Looks at the file's time and size. `Some` when it appeared, changed or vanished since the last look (then
    /// there are no places), or cannot be read any more; at the first look, when there is one.
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

fn fields(line: &[u8]) -> Result<ByteRecord, String> {
    if line.iter().filter(|&&byte| byte == b'"').count() % 2 == 1 {
        return Err("a double quote is not closed".into());
    }
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(line);
    let mut row = ByteRecord::new();
    reader.read_byte_record(&mut row).map_err(|error| error.to_string())?;
    Ok(row)
}

fn is_header(line: &[u8]) -> bool {
    fields(line).is_ok_and(|row| row.get(1).is_some_and(|name| name.to_ascii_lowercase().starts_with(b"lat")))
}

fn parse_line(line: &[u8]) -> Result<(AddressRange, Place), String> {
    let row = fields(line)?;
    if !(3..=4).contains(&row.len()) {
        return Err(format!("expected CIDR,lat,lon,label, found {} columns", row.len()));
    }
    let text = |column: usize| {
        std::str::from_utf8(row.get(column).unwrap_or_default()).map_err(|_| "not UTF-8".to_owned())
    };
    let network = text(0)?;
    let range = AddressRange::from_network(network).ok_or_else(|| {
        format!("expected a network such as 192.0.2.0/24 or 2001:db8::/32, found {network:?}")
    })?;
    let degrees = |column: usize, name: &str, limit: f32| {
        let text = text(column)?;
        let degrees: Option<f32> = text.parse().ok();
        degrees
            .filter(|degrees| degrees.abs() <= limit)
            .ok_or_else(|| format!("expected a {name} from -{limit} to {limit} degrees, found {text:?}"))
    };
    let place = Place {
        lat: degrees(1, "latitude", 90.0)?,
        lon: degrees(2, "longitude", 180.0)?,
        city: text(3)?.into(),
        region: Arc::default(),
        country: None,
    };
    Ok((range, place))
}
