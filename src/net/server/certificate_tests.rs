use std::process::Command;

use super::*;

fn openssl(folder: &Path, arguments: &str) -> bool {
    let run = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    match run {
        Ok(run) => {
            assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
            true
        }
        Err(error) => {
            println!("skipped: no openssl ({error})");
            false
        }
    }
}

fn make_private(folder: &Path) {
    fs::set_permissions(folder.join(KEY_FILE), fs::Permissions::from_mode(0o600)).unwrap();
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().display().to_string()).collect();
    names.sort();
    names
}

#[test]
fn the_first_start_makes_a_pair_and_the_next_one_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("new/folder");
    let made = Certificate::open_or_make(&folder).unwrap();
    assert_eq!(files(&folder), [CERTIFICATE_FILE, KEY_FILE]);
    let mode = fs::metadata(folder.join(KEY_FILE)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let pem = fs::read(&made.path).unwrap();
    assert_eq!(Fingerprint::of_pem(&pem), Ok(made.fingerprint));
    assert_eq!(Certificate::open_or_make(&folder).unwrap().fingerprint, made.fingerprint);
    let other = tempfile::tempdir().unwrap();
    assert_ne!(Certificate::open_or_make(other.path()).unwrap().fingerprint, made.fingerprint);
}

#[test]
fn half_a_pair_names_what_is_missing() {
    for (gone, there) in [(KEY_FILE, CERTIFICATE_FILE), (CERTIFICATE_FILE, KEY_FILE)] {
        let folder = tempfile::tempdir().unwrap();
        Certificate::open_or_make(folder.path()).unwrap();
        fs::remove_file(folder.path().join(gone)).unwrap();
        let text = Certificate::open_or_make(folder.path()).unwrap_err().to_string();
        assert!(text.contains(&format!("has no {gone} beside it")) && text.contains(there), "{text}");
        assert_eq!(files(folder.path()), [there], "nothing is written over");
    }
}

#[test]
fn bad_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let made = Certificate::open_or_make(folder.path()).unwrap();
    let key = folder.path().join(KEY_FILE);
    let key_pem = fs::read(&key).unwrap();
    let error = || Certificate::open_or_make(folder.path()).unwrap_err();

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let text = error().to_string();
    assert!(text.contains("server-key.pem") && text.contains("0644") && text.contains("chmod 600"), "{text}");
    make_private(folder.path());

    fs::write(&key, "").unwrap();
    assert!(matches!(error(), CertificateFileError::NoKey(path) if path == key));
    fs::write(&key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
    assert!(matches!(error(), CertificateFileError::Unusable(path, _) if path == key));

    let other = tempfile::tempdir().unwrap();
    Certificate::open_or_make(other.path()).unwrap();
    fs::copy(other.path().join(KEY_FILE), &key).unwrap();
    let text = error().to_string();
    assert!(text.contains("does not belong to the certificate") && text.contains(KEY_FILE), "{text}");
    fs::write(&key, key_pem).unwrap();

    fs::write(&made.path, "").unwrap();
    let text = error().to_string();
    assert!(text.contains("server-cert.pem holds no certificate"), "{text}");
    fs::write(&made.path, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(matches!(error(), CertificateFileError::Unusable(path, _) if path == made.path));
}

#[test]
fn a_users_own_pair_of_any_common_kind_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let request = "req -x509 -new -key server-key.pem -subj /CN=mine -days 1 -out server-cert.pem";
    let kinds: [&[&str]; 5] = [
        &["genrsa -out server-key.pem 2048"],
        &["genrsa -traditional -out server-key.pem 2048"],
        &["ecparam -name prime256v1 -genkey -noout -out server-key.pem"],
        &["ecparam -name secp384r1 -genkey -out server-key.pem"],
        &["genpkey -algorithm ED25519 -out server-key.pem"],
    ];
    for commands in kinds {
        if !commands.iter().chain([&request]).all(|command| openssl(folder, command)) {
            return;
        }
        make_private(folder);
        Certificate::open_or_make(folder).unwrap_or_else(|error| panic!("{commands:?}: {error}"));
    }
}
