//! Zip files, in the short and the long form, whole and damaged.

use std::{
    fs,
    io::{Cursor, Read},
    path::Path,
};

use connmapperl::{
    whois::{Whois, error::WhoisError, lookup::Depth},
    zip::{self, ZipError},
};

use crate::{
    fixture, gzip, import_text,
    ip2asn::ip2asn,
    range,
    zip_bytes::{Form, archive},
};

fn text(name: &str) -> Vec<u8> {
    fs::read(fixture(name)).unwrap()
}

#[test]
fn a_file_in_a_zip_file_is_imported_whatever_the_archives_form() {
    let dump = text("ripe.db");
    let packed = gzip(&dump);
    for content in [dump.as_slice(), &packed] {
        for form in [
            Form::default(),
            Form { stored: true, ..Form::default() },
            Form { long: true, comment: "PK\u{5}\u{6} is no end", ..Form::default() },
        ] {
            let folder = tempfile::tempdir().unwrap();
            let bytes = archive(&[("2026/ripe.db", content)], form);
            let meta = import_text("any", &bytes, folder.path()).unwrap().meta;
            assert_eq!((meta.name.as_str(), meta.text_bytes), ("rpsl-ripe.db", dump.len() as u64));
            assert!(meta.file.ends_with("any/2026/ripe.db"), "{}", meta.file);
            let answer = Whois::open(folder.path()).addresses(range("193.0.0.1"), Some(3_333), Depth::Full);
            assert!(!answer.aut_nums.is_empty());
        }
    }
}

#[test]
fn what_the_systems_zip_program_has_packed_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made.zip");
    let made =
        std::process::Command::new("zip").arg("-rq").arg(&path).arg(".").current_dir(fixture("")).status();
    if !made.is_ok_and(|status| status.success()) {
        return println!("skipped: there is no zip program");
    }
    let mut file = fs::File::open(&path).unwrap();
    let entries = zip::entries(&mut file).unwrap();
    assert_eq!(entries.len(), fs::read_dir(fixture("")).unwrap().count());
    for entry in &entries {
        let mut unpacked = Vec::new();
        zip::open(&file, entry).unwrap().read_to_end(&mut unpacked).unwrap();
        assert!(unpacked == text(&entry.name), "{}", entry.name);
    }
}

#[test]
fn the_program_takes_all_sources_out_of_an_archive_and_passes_over_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (dump, delegated) = (text("ripe.db"), text("delegated-apnic-extended"));
    let files: [(&str, &[u8]); 5] = [
        ("all/", b""),
        ("all/LICENSE.txt", b"Terms."),
        ("all/ripe.db", &dump),
        ("all/delegated", &delegated),
        ("../evil\u{1b}[2J", b"-"),
    ];
    let path = folder.path().join("all.zip");
    fs::write(&path, archive(&files, Form::default())).unwrap();
    let output = ip2asn(folder.path(), &["import", path.to_str().unwrap()], "");
    let (told, errors) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{errors}");
    assert!(told.contains("rpsl-ripe.db: ") && told.contains("delegated-apnic: "), "{told}");
    assert!(errors.contains("all.zip/all/LICENSE.txt: passed over"), "{errors}");
    assert!(errors.contains("all.zip/../evil?[2J: passed over"), "{errors}");
}

#[test]
fn an_archive_in_a_folder_that_cannot_be_opened_is_passed_over() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let dump = text("ripe.db");
    let whole = archive(&[("x.db", &dump)], Form::default());
    let list_at = whole.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let changed = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[list_at + at] = value;
        bytes
    };
    let bad = [
        ("encrypted.zip", changed(8, 1), "encrypted"),
        ("lzma.zip", changed(10, 14), "method 14"),
        ("nested.zip", archive(&[("a.zip", &whole)], Form::default()), "a zip file in another"),
        ("half.zip", whole[..whole.len() / 2].to_vec(), "cut off"),
    ];
    fs::write(files.path().join("ripe.db"), &dump).unwrap();
    for (name, bytes, _) in &bad {
        fs::write(files.path().join(name), bytes).unwrap();
    }
    let import = |path: &Path| ip2asn(folder.path(), &["import", path.to_str().unwrap()], "");
    let output = import(files.path());
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    for (name, _, problem) in &bad {
        let is_it =
            |line: &&str| line.contains(name) && line.contains("passed over: ") && line.contains(problem);
        assert_eq!(errors.lines().filter(is_it).count(), 1, "{name} in {errors}");
        // Named itself, it is a mistake.
        assert_eq!(import(&files.path().join(name)).status.code(), Some(1), "{name}");
    }
}

#[test]
fn damage_anywhere_is_told_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dump = text("ripe.db");
    import_text("ripe.db", &dump, folder.path()).unwrap();
    let kept = fs::read(folder.path().join("rpsl-ripe.db.whois")).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        let error = import_text("x.zip", bytes, folder.path()).unwrap_err();
        assert!(error.to_string().contains("x.zip"), "{what}: {error}");
        assert!(fs::read(folder.path().join("rpsl-ripe.db.whois")).unwrap() == kept, "{what}");
        error.to_string()
    };
    for form in [Form { stored: true, ..Form::default() }, Form::default()] {
        let whole = archive(&[("ripe.db", &dump)], form);
        for length in [10, whole.len() / 2, whole.len() - 1] {
            refused(&whole[..length], "cut off");
        }
        let mut damaged = whole.clone();
        let middle = whole.len() / 2;
        damaged[middle] ^= 4;
        refused(&damaged, "a flipped bit");
    }
    let list_at = |bytes: &[u8]| bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    let whole = archive(&[("ripe.db", &dump)], Form::default());
    let changed = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        let at = list_at(&bytes) + at;
        bytes[at] = value;
        bytes
    };
    assert!(refused(&changed(8, 1), "encrypted").contains("encrypted"));
    assert!(refused(&changed(10, 14), "LZMA").contains("method 14"));
    assert!(refused(&changed(42, 9), "another offset").contains("not where"));
    assert!(
        refused(&archive(&[("a.zip", &whole)], Form::default()), "twice").contains("a zip file in another")
    );
}

#[test]
fn a_list_that_claims_to_be_huge_takes_no_memory() {
    let mut bytes = archive(&[("a", b"x")], Form { long: true, ..Form::default() });
    let end = bytes.windows(4).position(|four| four == b"PK\x06\x06").unwrap();
    bytes[end + 40..end + 48].copy_from_slice(&(1_u64 << 60).to_le_bytes());
    let error = zip::entries(&mut Cursor::new(&bytes)).unwrap_err();
    assert!(matches!(error, ZipError::Damaged(_)), "{error}");
    let nowhere = import_text("x", b"PK\x03\x04", Path::new("/nonexistent/folder"));
    assert!(matches!(nowhere, Err(WhoisError::Zip { .. })), "{nowhere:?}");
}

/// A tar file of files that have these names and contents. `magic` ends its headers' form.
fn tar(files: &[(&str, &[u8])], magic: &[u8; 8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, content) in files {
        let mut header = [0; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        header[257..265].copy_from_slice(magic);
        bytes.extend(header);
        bytes.extend(*content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1_024, 0);
    bytes
}

#[test]
fn what_cannot_be_unpacked_is_named_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (ripe, apnic) = (text("ripe.db"), text("apnic.db.aut-num"));
    let files = [("ripe.db", ripe.as_slice()), ("apnic.db.aut-num", &apnic)];
    let (posix, gnu) = (tar(&files, b"ustar\x0000"), tar(&files, b"ustar  \0"));
    for (name, bytes, form) in [
        ("dumps.tar", &posix, "a tar archive"),
        ("dumps.tar.gz", &gzip(&posix), "a tar archive"),
        ("dumps.tgz", &gzip(&gnu), "a tar archive"),
        ("in.zip", &archive(&[("dumps.tar", &gnu)], Form::default()), "a tar archive"),
        ("ripe.db.bz2", &[b"BZh91AY&SY".as_slice(), &[0x80; 40]].concat(), "packed by bzip2"),
        ("ripe.db.xz", &[b"\xfd7zXZ\0".as_slice(), &[0x80; 40]].concat(), "packed by xz"),
        ("ripe.db.zst", &[b"\x28\xb5\x2f\xfd".as_slice(), &[0x80; 40]].concat(), "packed by zstd"),
    ] {
        let files = tempfile::tempdir().unwrap();
        let path = files.path().join(name);
        fs::write(&path, bytes).unwrap();
        let output = ip2asn(folder.path(), &["import", path.to_str().unwrap()], "");
        let told = String::from_utf8(output.stderr).unwrap();
        assert_ne!(output.status.code(), Some(0), "{name}");
        assert!(told.contains(name) && told.contains(&format!("it is {form}; unpack it first")), "{told}");
        assert_eq!(ip2asn(folder.path(), &["--object", "AS-RIPENCC"], "").status.code(), Some(1), "{name}");
        // In a folder it is named, and the others are imported.
        fs::copy(fixture("as-org2info"), files.path().join("as-org2info")).unwrap();
        let output = ip2asn(folder.path(), &["import", files.path().to_str().unwrap()], "");
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && told.contains("unpack it first"), "{name}: {told}");
    }
}

#[test]
fn an_archive_with_no_file_in_it_is_called_that() {
    let (folder, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let of_folders = archive(&[("all/", b"")], Form::default());
    let empty = archive(&[], Form::default());
    assert!(empty.starts_with(b"PK\x05\x06"));
    for content in [empty, of_folders] {
        let path = files.path().join("empty.zip");
        fs::write(&path, content).unwrap();
        for named in [path.as_path(), files.path()] {
            let output = ip2asn(folder.path(), &["import", named.to_str().unwrap()], "");
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1));
            assert!(told.contains("it is a zip file with no file in it"), "{told}");
            assert_eq!(told.contains("passed over"), named.is_dir(), "{told}");
        }
    }
}

#[test]
fn zeros_behind_what_gzip_packed_are_no_part_of_it() {
    let dump = text("ripe.db");
    for zeros in [1, 511, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let padded = [gzip(&dump), vec![0; zeros]].concat();
        let meta = import_text("ripe.db.gz", &padded, folder.path()).unwrap().meta;
        assert_eq!(meta.text_bytes, dump.len() as u64);
    }
    let error =
        import_text("x.gz", &[gzip(&dump), b"\0\0x".to_vec()].concat(), tempfile::tempdir().unwrap().path());
    assert!(matches!(error, Err(WhoisError::CutOff { .. } | WhoisError::Io { .. })), "{error:?}");
}
