use std::{fs, os::unix::fs::PermissionsExt};

use super::*;

fn register() -> (tempfile::TempDir, Register) {
    let folder = tempfile::tempdir().unwrap();
    let register = Register::open(&folder.path().join("connmapperl")).unwrap();
    (folder, register)
}

#[test]
fn agents_come_and_go() {
    let (_folder, register) = register();
    let (web, token) = register.add("web1").unwrap();
    assert_eq!((web.number, web.name.as_str()), (1, "web1"));
    assert!(matches!(register.add(" web1 "), Err(RegisterError::Taken(name)) if name == "web1"));
    register.add("web2").unwrap();
    let Proof::Token(hash) = register.list().unwrap()[0].proof else { panic!("a token") };
    assert!(hash.matches(&token));
    let rotated = register.rotate("web1").unwrap();
    let Proof::Token(hash) = register.list().unwrap()[0].proof else { panic!("a token") };
    assert!(hash.matches(&rotated) && !hash.matches(&token));
    register.revoke("web1").unwrap();
    assert!(register.list().unwrap()[0].is_revoked());
    for result in [register.revoke("web1").map(drop), register.rotate("web1").map(drop)] {
        assert!(matches!(result, Err(RegisterError::Revoked(_))), "{result:?}");
    }
    assert!(matches!(register.revoke("web9"), Err(RegisterError::Unknown(_))));
    let (again, _) = register.add("web1").unwrap();
    assert_eq!(again.number, 3);
}

#[test]
fn the_file_tells_no_secret_and_nobody_else_reads_it() {
    let (_folder, register) = register();
    let (_, token) = register.add("web1").unwrap();
    register.set_password(Some("correct horse battery")).unwrap();
    assert!(register.has_password().unwrap());
    let text = fs::read_to_string(register.path()).unwrap();
    assert!(!text.contains(&token[8..]) && !text.contains("horse"), "{text}");
    assert_eq!(fs::metadata(register.path()).unwrap().permissions().mode() & 0o777, 0o600);
    let folder = register.path().parent().unwrap();
    assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    register.set_password(None).unwrap();
    assert!(!register.has_password().unwrap());
}

#[test]
fn shown_names_are_as_unique_as_names() {
    let (_folder, register) = register();
    register.add("web1").unwrap();
    register.add("web2").unwrap();
    register.rename("web1", "Frankfurt").unwrap();
    assert_eq!(register.list().unwrap()[0].shown_name(), "Frankfurt");
    for taken in ["web1", "Frankfurt"] {
        assert!(matches!(register.rename("web2", taken), Err(RegisterError::Taken(_))), "{taken}");
    }
    register.rename("Frankfurt", "web1").unwrap();
    assert_eq!(register.list().unwrap()[0].shown_name, None);
    for bad in ["", "  ", "two\nlines", "\u{202e}gpj.exe", &"x".repeat(65)] {
        assert!(matches!(register.add(bad), Err(RegisterError::Name)), "{bad:?}");
        assert!(matches!(register.rename("web1", bad), Err(RegisterError::Name)), "{bad:?}");
    }
}

#[test]
fn homes_lie_on_earth() {
    let (_folder, register) = register();
    register.add("web1").unwrap();
    let home = Home { lat: 50.1, lon: 8.7 };
    assert_eq!(register.set_home("web1", Some(home)).unwrap().home, Some(home));
    assert_eq!(register.list().unwrap()[0].home, Some(home));
    for (lat, lon) in [(90.1, 0.0), (0.0, -180.5), (f32::NAN, 0.0), (0.0, f32::INFINITY)] {
        assert!(matches!(register.set_home("web1", Some(Home { lat, lon })), Err(RegisterError::Place)));
    }
    assert_eq!(register.set_home("web1", None).unwrap().home, None);
}

#[test]
fn a_bad_file_is_named_by_line_and_left_alone() {
    let (_folder, register) = register();
    register.add("web1").unwrap();
    let good = fs::read_to_string(register.path()).unwrap();
    let bad = good.replace("\"number\": 1", "\"number\": one");
    fs::write(register.path(), &bad).unwrap();
    let folder = register.path().parent().unwrap();
    for error in [Register::open(folder).unwrap_err(), register.add("web2").unwrap_err()] {
        let text = error.to_string();
        assert!(text.contains("agents.json") && text.contains("line 5"), "{text}");
    }
    assert_eq!(fs::read_to_string(register.path()).unwrap(), bad);
    fs::write(register.path(), good.replace("\"version\": 1", "\"version\": 2, \"more\": 3")).unwrap();
    assert!(register.list().unwrap_err().to_string().contains("newer"));
    fs::write(register.path(), good.replace("\"created", "\"x\": 1, \"created")).unwrap();
    assert!(register.list().unwrap_err().to_string().contains('x'), "an unknown field would be lost");
}

#[test]
fn writers_take_turns() {
    let (_folder, register) = register();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let register = &register;
            scope.spawn(move || (0..8).for_each(|i| drop(register.add(&format!("{writer}-{i}")).unwrap())));
        }
    });
    let numbers: Vec<u32> = register.list().unwrap().iter().map(|agent| agent.number).collect();
    assert_eq!(numbers, (1..=32).collect::<Vec<_>>());
}
