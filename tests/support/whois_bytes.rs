//! What must hold of any bytes in a file that is imported: reading them ends, without a panic and in bounded memory, and
//! what is taken says the same when it is read again from an index. The fuzz targets and the tests run the same functions.

use std::io::{Cursor, Read};

use connmapperl::{
    whois::{
        as_org::{self, JsonLine, Table},
        delegated::{self, Line},
        detect::detect,
        input::{Input, Lines},
        keys::{Range, parse_asn, parse_range, words},
        rejects::Rejects,
        rpsl::{self, Class, objects::Objects, peers::peers},
    },
    zip,
};

/// Of an archive of any size, so many files and so many bytes of each.
const MOST_ENTRIES: usize = 8;
const MOST_BYTES: u64 = 1 << 20;

/// Queries, and the kind of a file.
pub fn read_anything(data: &[u8]) {
    let _ = detect(data);
    let text = rpsl::decode(data);
    let _ = (parse_asn(&text), words(&text).count(), as_org::Record::from_text(&text));
    if let Ok(range) = parse_range(&text) {
        assert!(is_upwards(range), "{text:?}");
    }
}

/// A dump of a routing registry.
pub fn read_rpsl(data: &[u8]) {
    let (mut objects, mut rejects) = (Objects::new(Lines::new(Cursor::new(data))), Rejects::default());
    while objects.read_next(&mut rejects).unwrap() {
        assert!(objects.object.len() <= data.len() + 1 && objects.first_line <= objects.lines().number);
        let starts = objects.line_starts.iter().map(|&start| &objects.object[start..]);
        let lines: Vec<_> =
            starts.map(|rest| rest.split_inclusive(|&byte| byte == b'\n').next().unwrap()).collect();
        assert!(lines.concat() == objects.object);
        let text = rpsl::decode(&objects.object);
        let attributes = rpsl::attributes(&text);
        for peer in peers(&attributes) {
            assert!(peer.import || peer.export);
        }
        let class = rpsl::attribute_name(&objects.object).and_then(Class::from_name);
        let all = [Class::AutNum, Class::Inetnum, Class::Route6, Class::Organisation, Class::Role];
        for class in all.into_iter().chain(class) {
            let _ = rpsl::keys::keys(class, &objects.object, Some(&objects.line_starts), |_| {});
        }
    }
    assert!(rejects.told.len() as u64 <= rejects.count);
}

/// A registry's list of what it gave.
pub fn read_delegated(data: &[u8]) {
    for line in data.split(|&byte| byte == b'\n') {
        if let Ok(Some(Line::Record(record))) = delegated::parse(line) {
            assert!(is_upwards(record.range));
            // As it is read again from an index.
            let again = delegated::parse(line.trim_ascii());
            assert_eq!(again, Ok(Some(Line::Record(record))));
        }
    }
}

/// as-org2info in both of its forms.
pub fn read_as_org(data: &[u8]) {
    let mut table = None;
    for line in data.split(|&byte| byte == b'\n') {
        table = Table::from_format_line(line).or(table);
        let text = rpsl::decode(line);
        if let Some(Ok(record)) = table.as_ref().map(|table| table.parse(&text)) {
            assert_same(&record);
        }
        if let Ok(line) = JsonLine::parse(&text)
            && let Ok(record) = line.record()
        {
            assert_same(&record);
        }
    }
}

fn assert_same(record: &as_org::Record) {
    let text = record.to_text();
    assert_eq!(as_org::Record::from_text(&text).as_ref(), Some(record), "{text:?}");
}

/// A file as it lies on the disk: plain, gzip or zip.
pub fn read_packed(data: &[u8]) {
    if let Ok(input) = Input::from_reader(Cursor::new(data.to_vec())) {
        let (mut lines, mut line, mut bytes) = (input.into_lines(), Vec::new(), 0);
        while let Ok(Some(_)) = lines.append_next(&mut line) {
            bytes += line.len() as u64;
            line.clear();
            if bytes > MOST_BYTES {
                break;
            }
        }
    }
    let mut archive = Cursor::new(data);
    for entry in zip::entries(&mut archive).unwrap_or_default().iter().take(MOST_ENTRIES) {
        let _ = entry.file_name();
        if let Ok(reader) = zip::open(&mut archive, entry) {
            let mut unpacked = Vec::new();
            // One that ends well has the length that the list says.
            if let Ok(count) = reader.take(MOST_BYTES).read_to_end(&mut unpacked) {
                assert!(count as u64 == entry.bytes.min(MOST_BYTES));
            }
        }
    }
}

fn is_upwards(range: Range) -> bool {
    match range {
        Range::Asn(first, last) | Range::V4(first, last) => first <= last,
        Range::V6(first, last) => first <= last,
    }
}
