//! The init script for OpenWrt, as far as a machine without procd can run it: by the same kind of shell (busybox, where it
//! is there), with procd's functions writing down what they are told.

#![cfg(test)]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

/// What `/etc/rc.common` brings, one line an argument. The script is read by it, then its folder and program are the test's.
const RC_COMMON: &str = r#"
say() { for word; do printf '%s\n' "$word"; done; }
logger() { say logger "$@"; }
for function in open_instance set_param close_instance add_reload_trigger; do
	eval "procd_$function() { say $function \"\$@\"; say end; }"
done
. "$1"
FOLDER=$2 PROGRAM=$3
"$4"
"#;

struct Router {
    folder: tempfile::TempDir,
}

impl Router {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, contents: &str) {
        fs::write(self.folder.path().join(name), contents).unwrap();
    }

    fn call(&self, function: &str) -> Output {
        let busybox = Command::new("busybox").arg("true").status().is_ok_and(|status| status.success());
        let mut shell = Command::new(if busybox { "busybox" } else { "sh" });
        shell.args(if busybox { &["ash"][..] } else { &[] }).args(["-eu", "-c", RC_COMMON, "rc.common"]);
        shell.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/openwrt/connmapperl-client.init"));
        shell.arg(self.folder.path()).arg(env!("CARGO_BIN_EXE_connmapperl-client")).arg(function);
        shell.output().unwrap()
    }

    /// Each call of procd's functions, with its arguments.
    fn told(&self, function: &str) -> Vec<Vec<String>> {
        let output = self.call(function);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let calls = text.split("end\n").filter(|call| !call.is_empty());
        calls.map(|call| call.lines().map(str::to_owned).collect()).collect()
    }

    /// The words after `set_param NAME`.
    fn parameter(&self, name: &str) -> Vec<String> {
        let told = self.told("start_service");
        let found = told.iter().find(|call| call[0] == "set_param" && call[1] == name);
        found.unwrap_or_else(|| panic!("no {name}: {told:?}"))[2..].to_vec()
    }
}

#[test]
fn without_an_address_nothing_is_started_and_the_log_says_why() {
    let router = Router::new();
    for contents in [None, Some("")] {
        if let Some(contents) = contents {
            router.write("server", contents);
        }
        let output = router.call("start_service");
        assert!(!output.status.success());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.starts_with("logger\n") && said.contains("/server is missing or empty"), "{said}");
        assert!(!said.contains("open_instance"), "{said}");
    }
}

#[test]
fn what_procd_is_told_starts_the_agent() {
    let router = Router::new();
    // Nobody listens there any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    router.write("server", &format!("{address}\nwhat follows is not read\n"));
    router.write("server-cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    router.write("token", "cmt_1_secret\n");
    fs::set_permissions(router.folder.path().join("token"), fs::Permissions::from_mode(0o600)).unwrap();

    let told = router.told("start_service");
    assert_eq!(told.first().unwrap()[..], ["open_instance"]);
    assert_eq!(told.last().unwrap()[..], ["close_instance"]);
    assert!(!format!("{told:?}").contains("cmt_1"), "{told:?}");
    // For ever, and without a rush.
    assert_eq!(router.parameter("respawn"), ["3600", "10", "0"]);
    let folder = router.folder.path().display().to_string();
    assert_eq!(router.parameter("env"), [format!("STATE_DIRECTORY={folder}")]);

    let command = router.parameter("command");
    let mut agent = Command::new(&command[0])
        .args(&command[1..])
        .env_clear()
        .envs(router.parameter("env").iter().map(|variable| variable.split_once('=').unwrap()))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It took its arguments, its certificate and its token, and calls.
    let said = BufReader::new(agent.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    agent.kill().unwrap();
    agent.wait().unwrap();
    assert!(said.contains(&address) && said.contains("trying again"), "{said}");
}

#[test]
fn a_reload_restarts_it_for_another_address_or_certificate_only() {
    let router = Router::new();
    router.write("server", "map.example\n");
    let folder = router.folder.path().display().to_string();
    assert_eq!(router.parameter("file"), [format!("{folder}/server"), format!("{folder}/server-cert.pem")]);
    assert_eq!(router.told("service_triggers"), [["add_reload_trigger", "connmapperl-client"]]);
}
