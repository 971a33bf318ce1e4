//! The tables built into the program, from outside: what they say of well-known addresses, and what becomes of a cache
//! file that is not as it should be.

#![cfg(test)]

use std::{
    fs,
    net::IpAddr,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use connmapperl::{
    geo::{
        GeoSource,
        embedded::{CarefulGeo, EmbeddedGeo},
    },
    model::CountryCode,
};

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn open(dir: &Path) -> EmbeddedGeo {
    EmbeddedGeo::open(Some(dir)).unwrap()
}

fn cache_file(dir: &Path) -> PathBuf {
    let mut files = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    assert_eq!(files.len(), 1, "one file and no left-over: {files:?}");
    files.remove(0)
}

/// Country and AS number of an address that everybody knows.
fn check(geo: &impl GeoSource) {
    let place = geo.place(address("200.160.2.3")).unwrap();
    assert_eq!(place.country, CountryCode::from_text("BR"));
    assert_eq!(geo.asn(address("200.160.2.3")).unwrap().number, 22_548);
}

#[test]
fn well_known_addresses_have_their_country_and_system() {
    let dir = tempfile::tempdir().unwrap();
    let geo = open(dir.path());
    for (text, country, number, organisation) in [
        ("1.1.1.1", "AU", 13_335, "Cloudflare"),
        ("8.8.8.8", "US", 15_169, "Google"),
        ("193.0.6.139", "NL", 3_333, "RIPE"),
        ("200.160.2.3", "BR", 22_548, ""),
        ("196.216.2.6", "ZA", 33_764, "African"),
        ("2606:4700:4700::1111", "CA", 13_335, "Cloudflare"),
        ("2001:4860:4860::8888", "CA", 15_169, "Google"),
        ("::ffff:8.8.8.8", "US", 15_169, "Google"),
        // 6to4: the IPv4 address inside counts.
        ("2002:c100:068b::1", "NL", 3_333, "RIPE"),
    ] {
        let place = geo.place(address(text)).unwrap();
        assert_eq!(place.country, CountryCode::from_text(country), "{text}");
        assert!(!place.city.is_empty(), "{text}");
        let asn = geo.asn(address(text)).unwrap();
        assert_eq!(asn.number, number, "{text}");
        let found = asn.organisation.to_lowercase();
        assert!(found.contains(&organisation.to_lowercase()), "{text}: {found}");
        assert_eq!(geo.located_ref(address(text)), (Some(&place), Some(&asn)), "{text}");
    }
    let amsterdam = geo.place(address("193.0.6.139")).unwrap();
    assert_eq!((&*amsterdam.city, &*amsterdam.region), ("Amsterdam", "North Holland"));
    assert!((amsterdam.lat - 52.37).abs() < 0.1 && (amsterdam.lon - 4.9).abs() < 0.1, "{amsterdam:?}");
}

#[test]
fn addresses_that_nobody_has_are_not_located() {
    let dir = tempfile::tempdir().unwrap();
    let geo = open(dir.path());
    for text in ["10.0.0.1", "127.0.0.1", "203.0.113.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"] {
        assert_eq!(geo.place(address(text)), None, "{text}");
        assert_eq!(geo.located_ref(address(text)).0, None, "{text}");
    }
    // The source names a city for these, but no autonomous system holds them.
    for text in ["2d00::1", "3000::1", "2001:db8::1", "::1", "fe80::1"] {
        assert_eq!((geo.place(address(text)), geo.asn(address(text))), (None, None), "{text}");
        assert_eq!(geo.located_ref(address(text)), (None, None), "{text}");
    }
}

#[test]
fn the_source_tells_its_name_dates_and_licence() {
    let dir = tempfile::tempdir().unwrap();
    let geo = open(dir.path());
    assert_eq!(geo.info().date.as_deref(), Some("2026-06-05"));
    assert_eq!(geo.asn_date(), "2026-06-17");
    for word in ["DB-IP", "https://db-ip.com", "CC BY 4.0", "Route Views", "NRO"] {
        assert!(geo.info().attribution.contains(word), "{word}");
    }
    assert!(geo.counts().places > 50_000 && geo.counts().systems > 80_000);
}

#[test]
fn the_second_start_maps_what_the_first_has_made() {
    let dir = tempfile::tempdir().unwrap();
    let cache_dir = dir.path().join("not/there/yet");
    assert!(open(&cache_dir).is_mapped());
    let file = cache_file(&cache_dir);
    let made = fs::metadata(&file).unwrap();
    assert!(made.len() <= 40_000_000, "{} bytes", made.len());
    let geo = open(&cache_dir);
    assert!(geo.is_mapped());
    check(&geo);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), made.modified().unwrap(), "made again");
}

#[test]
fn a_damaged_cache_file_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    let file = cache_file(dir.path());
    let good = fs::read(&file).unwrap();
    let middle = good.len() / 2;
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x40;
        bytes
    };
    let mut zeroed = good.clone();
    zeroed[middle..middle + 4096].fill(0);
    for (what, bytes) in [
        ("empty", Vec::new()),
        ("garbage", b"no table at all\n".repeat(1000)),
        ("cut in the header", good[..1000].to_vec()),
        ("cut in the middle", good[..middle].to_vec()),
        ("cut by a byte", good[..good.len() - 1].to_vec()),
        ("longer by a byte", [good.as_slice(), &[0]].concat()),
        ("a flipped bit in the header", flipped(100)),
        ("a flipped bit in the middle", flipped(middle)),
        ("a page of zeros", zeroed),
        ("a flipped bit in the checksums of the blocks", flipped(good.len() - 100)),
        ("a flipped bit in the checksum of these", flipped(good.len() - 1)),
    ] {
        fs::write(&file, bytes).unwrap();
        check(&open(dir.path()));
        assert!(fs::read(cache_file(dir.path())).unwrap() == good, "{what}: not made anew");
    }
}

fn open_carefully(dir: &Path) -> CarefulGeo {
    CarefulGeo::open(Some(dir)).unwrap()
}

#[test]
fn what_is_checked_as_it_is_asked_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (geo, careful) = (open(dir.path()), open_carefully(dir.path()));
    for i in 0..3_000_u32 {
        let v4 = IpAddr::V4(i.wrapping_mul(0x9e37_79b9).into());
        let v6 = IpAddr::V6((0x2a00_u128 << 112 | u128::from(i.wrapping_mul(0x9e37_79b9)) << 80).into());
        for address in [v4, v6] {
            assert_eq!(careful.place_and_asn(address), geo.place_and_asn(address), "{address}");
        }
    }
    assert_eq!(careful.system(3_333), geo.system(3_333));
    assert_eq!(careful.system(4_200_000_000), None);
    assert_eq!((careful.info(), careful.asn_date()), (geo.info(), geo.asn_date()));
    assert!(careful.problem().is_none());
    assert!(!careful.is_checked_whole(), "that is what it is to do without");
}

#[test]
fn no_cache_file_yet_is_made_by_whoever_asks_first() {
    let dir = tempfile::tempdir().unwrap();
    check(&open_carefully(dir.path()));
    cache_file(dir.path());
}

#[test]
fn no_answer_comes_out_of_a_damaged_block() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    let path = cache_file(dir.path());
    let good = fs::read(&path).unwrap();
    // Every block of the file in turn is damaged throughout, in steps that leave no column out.
    let asked = ["200.160.2.3", "2606:4700:4700::1111", "8.8.8.8", "2a00:1450::1"].map(address);
    let expected = asked.map(|address| open(dir.path()).place_and_asn(address));
    let mut made_anew = 0;
    for at in (4096..good.len()).step_by(good.len() / 40) {
        let file = fs::File::options().write(true).open(&path).unwrap();
        let end = good.len().min(at + (64 << 10));
        let damaged: Vec<_> = good[at..end].iter().map(|byte| byte ^ 0x11).collect();
        file.write_all_at(&damaged, at as u64).unwrap();
        let careful = open_carefully(dir.path());
        assert_eq!(asked.map(|address| careful.place_and_asn(address)), expected, "damaged at {at}");
        if fs::read(&path).unwrap() == good {
            made_anew += 1;
        } else {
            file.write_all_at(&good[at..end], at as u64).unwrap();
        }
    }
    assert!(made_anew < 20, "{made_anew} times: an answer is made of few blocks");
    // All of them at once, and files that are cut off or too long.
    for bytes in [
        good.iter().enumerate().map(|(i, byte)| byte ^ u8::from(i > 4096)).collect(),
        good[..good.len() / 2].to_vec(),
        good[..good.len() - 1].to_vec(),
        [good.as_slice(), &[0]].concat(),
        Vec::new(),
    ] {
        fs::write(&path, bytes).unwrap();
        let careful = open_carefully(dir.path());
        assert_eq!(asked.map(|address| careful.place_and_asn(address)), expected);
        assert!(fs::read(&path).unwrap() == good, "not made anew");
    }
}

#[test]
fn where_no_file_can_be_made_the_tables_are_held_in_memory() {
    let dir = tempfile::tempdir().unwrap();
    let not_a_folder = dir.path().join("file");
    fs::write(&not_a_folder, "").unwrap();
    let geo = open(&not_a_folder);
    assert!(!geo.is_mapped());
    check(&geo);
    assert_eq!(geo.place(address("2606:4700:4700::1111")).unwrap().country, CountryCode::from_text("CA"));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn tables_of_other_versions_are_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("geo-v0-12345678.bin"), "old").unwrap();
    fs::write(dir.path().join("settings.toml"), "not ours").unwrap();
    open(dir.path());
    let mut names: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[1], "settings.toml");
}

#[test]
fn several_programs_may_start_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let starts: Vec<_> = (0..3).map(|_| scope.spawn(|| check(&open(dir.path())))).collect();
        starts.into_iter().for_each(|start| start.join().unwrap());
    });
    cache_file(dir.path());
}
