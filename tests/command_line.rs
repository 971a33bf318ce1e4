//! What a user sees who types something wrong, lacks something, or has broken files: one clear line, an exit code that
//! is not 0, and all that still works working. Nothing here needs a network, a display or root.

#![cfg(test)]

mod support;

use std::{
    collections::BTreeSet,
    io::Read,
    process::{Command, Output, Stdio},
};

use crate::support::{Home, complaint, printed, skipped_for_want_of_an_adapter};

/// The one line on standard error of a program that could not do what it was asked, without its name.
fn refusal(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "nothing on standard output");
    no_panic(&output);
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    said.strip_prefix("connmapperl: ").expect("the program says who speaks").trim_end().to_owned()
}

fn no_panic(output: &Output) {
    let said = complaint(output);
    for word in ["panicked", "RUST_BACKTRACE", "stack backtrace", ".rs:", ".cargo"] {
        assert!(!said.contains(word), "{word}: {said}");
    }
}

/// An unwelcome environment: the user's shell asks for backtraces.
fn asking_for_backtraces(mut command: Command) -> Command {
    command.env("RUST_BACKTRACE", "full");
    command
}

#[test]
fn without_a_display_one_line_says_so_and_what_works_without() {
    let home = Home::new();
    let said = refusal(&mut asking_for_backtraces(home.connmapperl(&[])));
    for word in ["no display", "WAYLAND_DISPLAY", "DISPLAY", "connmapperl list", "connmapperl snapshot"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_display_that_is_not_there_is_named() {
    let home = Home::new();
    // Display numbers end long before.
    for (variable, value) in [("DISPLAY", ":59999"), ("WAYLAND_DISPLAY", "wayland-nowhere")] {
        let said = refusal(asking_for_backtraces(home.connmapperl(&[])).env(variable, value));
        assert!(said.contains("display cannot be opened"), "{said}");
        assert!(said.contains(&format!("{variable}={value}")), "{said}");
    }
}

#[test]
fn without_a_driver_one_line_says_what_to_install() {
    let home = Home::new();
    let mut snapshot = asking_for_backtraces(home.connmapperl(&["snapshot", "-o", "map.png"]));
    let said =
        refusal(snapshot.env("VK_DRIVER_FILES", "/nowhere.json").env("VK_ICD_FILENAMES", "/nowhere.json"));
    assert!(said.contains("no graphics adapter") && said.contains("apt install libvulkan1"), "{said}");
    assert!(said.contains("mesa-vulkan-drivers"), "{said}");
    assert!(!home.path("map.png").exists());
}

#[test]
fn files_that_were_named_must_be_there() {
    let home = Home::new();
    for command in [&["list"][..], &["snapshot", "-o", "map.png"]] {
        let with = |more: [&'static str; 2]| [command, &more[..]].concat();
        let rules = refusal(&mut home.connmapperl(&with(["--config", "no-rules"])));
        assert_eq!(rules, "cannot read no-rules: No such file or directory (os error 2)");
        let folder = refusal(&mut home.connmapperl(&with(["--data", "no-folder"])));
        assert_eq!(folder, "no-folder is not a folder");
    }
}

#[test]
fn a_picture_that_cannot_be_written_is_named() {
    let home = Home::new();
    let mut snapshot = home.connmapperl(&["snapshot", "-o", "nowhere/map.png", "--demo", "ipv6"]);
    let output = snapshot.output().unwrap();
    if skipped_for_want_of_an_adapter(&output) {
        return;
    }
    let said = refusal(&mut snapshot);
    assert!(said.contains("nowhere/map.png") && said.contains("No such file or directory"), "{said}");
}

#[test]
fn what_is_typed_wrong_is_explained() {
    let home = Home::new();
    let wrong: [(&[&str], &[&str]); 6] = [
        (
            &["list", "--demo", "mars"],
            &["mars", "world", "antimeridian", "one-place", "flood", "churn", "ipv6"],
        ),
        (&["list", "--demo", "world:x"], &["seed", "`x`"]),
        (&["snapshot", "-o", "map.png", "--size", "big"], &["1920x1080", "64", "8192"]),
        (&["snapshot", "-o", "map.png", "--size", "1x1"], &["1920x1080", "64", "8192"]),
        (&["snapshot"], &["--output"]),
        (&["list", "--json", "--csv"], &["--json", "--csv"]),
    ];
    for (arguments, words) in wrong {
        let output = home.connmapperl(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        no_panic(&output);
        let said = complaint(&output);
        words.iter().for_each(|word| assert!(said.contains(word), "{word}: {said}"));
    }
}

#[test]
fn bad_rules_are_named_by_line_and_the_good_ones_work() {
    let home = Home::new();
    let rules: &[u8] = b"# mine\n\
        \"Web\",peer,443,0.2,0.5,1,0.8,1\n\
        \"Short\",peer,22\n\
        \"Far\",peer,70000,1,1,1,1,0\n\
        \"Loud\",peer,80,1,1,1,7,0\n\
        \"Odd\",remote,80,1,1,1,1,0\n\
        \"Caf\xe9\",peer,6667,1,1,1,1,0\n\
        \"Chat\",peer,6667,1,1,0.2,0.8,0\n";
    home.write("rules", rules);
    let output =
        home.connmapperl(&["list", "--csv", "--demo", "world", "--config", "rules"]).output().unwrap();
    assert!(output.status.success());
    let said = complaint(&output);
    let named: Vec<_> =
        said.lines().map(|line| line.split(": ").take(2).collect::<Vec<_>>().join(": ")).collect();
    let expected = [3, 4, 5, 6, 7].map(|line| format!("rules: line {line}"));
    assert_eq!(named, expected, "{said}");
    let table = Table::from_csv(&String::from_utf8(output.stdout).unwrap());
    let used: BTreeSet<&str> = table.column("rule").collect();
    assert_eq!(used, BTreeSet::from(["", "Chat", "Web"]));

    // The same file where nobody named it: in the working folder.
    home.write("connmapperlrc", rules);
    let table = Table::from_csv(&printed(&mut home.connmapperl(&["list", "--csv", "--demo", "world"])));
    assert!(table.column("rule").any(|rule| rule == "Chat"));
}

#[test]
fn broken_tables_are_named_and_the_embedded_one_answers() {
    let home = Home::new();
    let mut cities: String = (0..50)
        .map(|net| format!("1.0.{net}.0,1.0.{net}.255,OC,AU,Queensland,South Brisbane,-27.4767,153.017\n"))
        .collect();
    cities += "1.0.50.0,1.0.50.255,AS,CN,Fujian,Wenquan,north,119.297\n";
    home.write("data/dbip-city-lite.csv", cities);
    let mmdb = [&[0; 300][..], b"\xab\xcd\xefMaxMind.com", &[0xff; 20]].concat();
    home.write("data/city.mmdb", mmdb);
    home.write("data/README", "nothing to read here");
    home.write("data/places.csv", "network,lat,lon,label\n192.0.2.0/24,95,0,Too far north\n");
    let arguments = ["list", "--csv", "--demo", "world"];
    let output = home.connmapperl(&[&arguments[..], &["--data", "data"]].concat()).output().unwrap();
    assert!(output.status.success());
    no_panic(&output);
    let said = complaint(&output);
    let of = |file: &str| -> Vec<&str> { said.lines().filter(|line| line.contains(file)).collect() };
    let [csv] = of("dbip-city-lite.csv")[..] else { panic!("one error: {said}") };
    assert!(csv.contains("line 51"), "{csv}");
    let [mmdb] = of("city.mmdb")[..] else { panic!("one error: {said}") };
    assert!(mmdb.contains("byte 3"), "it names the offset: {mmdb}");
    let [places] = of("places.csv")[..] else { panic!("one error: {said}") };
    assert!(places.contains("line 2") && places.contains("latitude"), "{places}");
    assert_eq!(said.lines().count(), 3, "{said}");

    let with = Table::from_csv(&String::from_utf8(output.stdout).unwrap());
    let without = Table::from_csv(&printed(&mut home.connmapperl(&arguments)));
    assert_eq!(with.rows, without.rows, "the embedded table answers as ever");
    assert!(with.column("country").filter(|country| !country.is_empty()).count() > 100);
}

#[test]
fn places_of_the_users_own_win() {
    let home = Home::new();
    home.write("data/places.csv", "0.0.0.0/0,52.5,13.4,\"Here, all of them\"\n");
    let arguments = ["list", "--csv", "--demo", "one-place", "--data", "data"];
    let table = Table::from_csv(&printed(&mut home.connmapperl(&arguments)));
    assert_eq!(table.rows.len(), 500);
    assert!(table.column("city").all(|city| city == "Here, all of them"));
}

#[test]
fn every_scene_is_listed_the_same_each_time() {
    let home = Home::new();
    for (scene, least) in
        [("world", 100), ("antimeridian", 120), ("one-place", 500), ("churn", 300), ("ipv6", 100)]
    {
        let list = || printed(&mut home.connmapperl(&["list", "--csv", "--demo", scene]));
        let text = list();
        assert_eq!(list(), text, "{scene}");
        assert!(Table::from_csv(&text).rows.len() >= least, "{scene}");
        let other_seed = printed(&mut home.connmapperl(&["list", "--csv", "--demo", &format!("{scene}:77")]));
        assert_ne!(other_seed, text, "{scene}");
    }
    let bare = printed(&mut home.connmapperl(&["list", "--csv", "--demo", "7"]));
    assert_eq!(bare, printed(&mut home.connmapperl(&["list", "--csv", "--demo", "world:7"])));
}

#[test]
fn the_formats_say_the_same() {
    let home = Home::new();
    let list = |format: &str| printed(&mut home.connmapperl(&["list", format, "--demo", "ipv6"]));
    let table = Table::from_csv(&list("--csv"));
    let json: Vec<serde_json::Map<String, serde_json::Value>> =
        serde_json::from_str(&list("--json")).unwrap();
    assert_eq!(json.len(), table.rows.len());
    for (object, row) in json.iter().zip(&table.rows) {
        assert_eq!(
            object.keys().collect::<BTreeSet<_>>(),
            table.head.iter().collect::<BTreeSet<_>>(),
            "the same fields"
        );
        for (name, cell) in table.head.iter().zip(row) {
            let value = match &object[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            // A whole number of degrees is written 49.0 by one and 49 by neither or both.
            let same = value == *cell || value.parse::<f32>().is_ok_and(|value| Ok(value) == cell.parse());
            assert!(same, "{name}: {value} {cell}");
        }
    }
    let plain = printed(&mut home.connmapperl(&["list", "--demo", "ipv6"]));
    assert_eq!(plain.lines().count(), table.rows.len() + 1, "a head, and a line each");
}

#[test]
fn a_reader_who_has_seen_enough_is_no_error() {
    let home = Home::new();
    for format in [&[][..], &["--json"], &["--csv"]] {
        let mut list = home.connmapperl(&[&["list", "--demo", "flood"], format].concat());
        let mut child = list.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{format:?}: {}", complaint(&output));
        assert_eq!(complaint(&output), "");
    }
}

#[test]
fn watching_ends_with_its_reader() {
    let home = Home::new();
    let mut watch = home.connmapperl(&["list", "--watch", "--json", "--demo", "churn"]);
    let mut child = watch.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", complaint(&output));
    assert_eq!(complaint(&output), "");
}

#[test]
fn the_version_says_what_the_data_is_and_whose() {
    let home = Home::new();
    for flag in ["--version", "-V"] {
        let text = printed(&mut home.connmapperl(&[flag]));
        assert!(text.starts_with(concat!("connmapperl ", env!("CARGO_PKG_VERSION"), "\n")), "{text}");
        for word in ["DB-IP", "https://db-ip.com", "CC BY 4.0", "Route Views", "Natural Earth"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        let is_date = |word: &str| {
            let parts: Vec<_> = word.split('-').map(str::parse::<u32>).collect();
            matches!(parts[..], [Ok(2025..), Ok(1..=12), Ok(1..=31)])
        };
        assert!(text.split_whitespace().any(is_date), "{text}");
    }
}

/// A table as spreadsheets read it.
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn from_csv(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let cells = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let head = cells(reader.headers().unwrap());
        Self { head, rows: reader.records().map(|record| cells(&record.unwrap())).collect() }
    }

    fn column(&self, name: &str) -> impl Iterator<Item = &str> {
        let index = self.head.iter().position(|head| head == name).unwrap();
        self.rows.iter().map(move |row| row[index].as_str())
    }
}

#[test]
fn a_list_holds_what_its_filter_lets_through() {
    let home = Home::new();
    let list = |filter: &str| -> Vec<serde_json::Value> {
        let output =
            home.connmapperl(&["list", "--demo", "world", "--json", "--filter", filter]).output().unwrap();
        assert!(output.status.success(), "{}", complaint(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let all = list("");
    let web = list("lport:443");
    assert!(!web.is_empty() && web.iter().all(|row| row["local_port"] == 443));
    assert_eq!(list("!lport:443").len(), all.len() - web.len());
    let german = list("germany rule:\"Web Surfing\"");
    assert!(!german.is_empty() && german.iter().all(|row| row["country"] == "DE"), "{german:?}");
    assert_eq!(list("client:world").len(), all.len(), "the scene is the agent");

    let wrong = home.connmapperl(&["list", "--demo", "world", "--filter", "prgo:firefox"]).output().unwrap();
    let said = complaint(&wrong);
    assert_eq!(wrong.status.code(), Some(2), "{said}");
    assert!(said.contains("prgo") && said.contains("prog"), "{said}");
}
