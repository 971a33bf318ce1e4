//! Man pages and completions as they follow from the arguments that a program takes, beside the files of packaging/,
//! which are what is installed. `make pages` writes these anew.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    process::{Command as Process, Stdio},
};

use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

/// Set, files that are behind are written anew.
const WRITE: &str = "WRITE_PAGES";

/// What the pages call an apostrophe, which begins a request where it begins a line.
const APOSTROPHE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// Files of packaging/ and what belongs into them.
pub type Pages = BTreeMap<PathBuf, String>;

pub fn packaging(below: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(below)
}

/// A page for the program and one for each of its commands. The program's ends with what was written by hand.
pub fn man_pages(program: Command) -> Pages {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let name = program.get_name().to_owned();
    let mut pages = Pages::new();
    add_man_pages(&program, &name, None, &mut pages).unwrap();
    let by_hand = fs::read_to_string(packaging(format!("man/{name}.roff"))).unwrap();
    pages.get_mut(&man_page(&name, &name)).unwrap().push_str(&by_hand);
    pages
}

fn add_man_pages(command: &Command, program: &str, above: Option<&str>, pages: &mut Pages) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(program);
    let man = Man::new(command.clone().subcommand_help_heading("COMMANDS").subcommand_value_name("COMMAND"));
    let mut sections = Vec::new();
    man.render_name_section(&mut sections)?;
    man.render_synopsis_section(&mut sections)?;
    man.render_description_section(&mut sections)?;
    man.render_options_section(&mut sections)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut sections)?;
    }
    // Each section begins with it; once is enough.
    let sections = String::from_utf8(sections).unwrap().replace(APOSTROPHE, "");
    // Without a date, of which there is none that the source does not change.
    let (title, version) = (name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let mut page =
        format!("{APOSTROPHE}.TH {title} 1 \"\" \"{program} {version}\" \"User commands\"\n{sections}");
    if let Some(above) = above {
        page += &format!(".SH \"SEE ALSO\"\n.BR {} (1)\n", above.replace('-', "\\-"));
    }
    pages.insert(man_page(program, name), page);
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    below.into_iter().try_for_each(|command| add_man_pages(command, program, Some(name), pages))
}

fn man_page(program: &str, name: &str) -> PathBuf {
    format!("man/{program}/{name}.1").into()
}

pub fn completions(program: &Command) -> Pages {
    [Shell::Bash, Shell::Zsh, Shell::Fish].iter().map(|shell| completion(*shell, program.clone())).collect()
}

fn completion(shell: Shell, mut program: Command) -> (PathBuf, String) {
    let name = program.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut program, &name, &mut script);
    (completion_file(shell, &name), String::from_utf8(script).unwrap())
}

fn completion_file(shell: Shell, name: &str) -> PathBuf {
    PathBuf::from("completions").join(match shell {
        Shell::Zsh => format!("_{name}"),
        _ => format!("{name}.{shell}"),
    })
}

/// Fails where packaging/ has something else, or pages of commands that there are no more.
pub fn assert_current(program: &str, pages: &Pages) {
    let is_behind =
        |(path, text): &(&PathBuf, &String)| fs::read_to_string(packaging(path)).ok().as_ref() != Some(*text);
    let behind: Vec<_> = pages.iter().filter(is_behind).collect();
    let folder = PathBuf::from("man").join(program);
    let there = fs::read_dir(packaging(&folder)).into_iter().flatten().flatten();
    let stray: Vec<_> =
        there.map(|entry| folder.join(entry.file_name())).filter(|path| !pages.contains_key(path)).collect();
    if std::env::var_os(WRITE).is_some() {
        for (path, text) in behind {
            fs::create_dir_all(packaging(path).parent().unwrap()).unwrap();
            fs::write(packaging(path), text).unwrap();
        }
        return stray.iter().for_each(|path| fs::remove_file(packaging(path)).unwrap());
    }
    let behind: Vec<_> = behind.iter().map(|(path, _)| path).collect();
    assert!(
        behind.is_empty() && stray.is_empty(),
        "packaging/ is behind the arguments of {program}; `make pages` brings it up to date. To be written: {behind:?}; \
         to be removed: {stray:?}"
    );
}

/// What bash and fish offer at the end of a line after they have read the installed scripts; a shell that is not here
/// says so, and offers nothing.
pub fn offered(program: &str, line: &str) -> BTreeMap<String, Vec<String>> {
    let bash = "source \"$1\"; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); \
                $(complete -p \"$3\" | sed 's/.*-F \\([^ ]*\\).*/\\1/') \"$3\" \"${COMP_WORDS[-1]}\" \
                \"${COMP_WORDS[-2]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let fish = "source $argv[1]; complete --do-complete $argv[2]";
    [(Shell::Bash, &["--norc", "-c", bash, "bash"][..]), (Shell::Fish, &["--no-config", "-c", fish])]
        .into_iter()
        .filter(|(shell, _)| is_here(*shell))
        .map(|(shell, arguments)| {
            let script = packaging(completion_file(shell, program));
            let mut process = Process::new(shell.to_string());
            let output = process.args(arguments).arg(script).args([line, program]).output().unwrap();
            assert!(output.stderr.is_empty(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
            let words = String::from_utf8(output.stdout).unwrap();
            // What fish says of a word stands behind it.
            let words = words.lines().filter_map(|line| line.split('\t').next()).map(str::to_owned);
            (shell.to_string(), words.collect())
        })
        .collect()
}

fn is_here(shell: Shell) -> bool {
    let mut process = Process::new(shell.to_string());
    let started = process.arg("--version").stdout(Stdio::null()).status();
    if started.is_err() {
        println!("skipped: {shell} is not installed");
    }
    started.is_ok()
}
