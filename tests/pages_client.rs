//! The agent's man page, which is written by hand, and its completions, which are not.

#![cfg(test)]

#[path = "../src/bin/connmapperl-client/arguments.rs"]
#[allow(dead_code, reason = "what is made of it is not looked at")]
mod arguments;
#[path = "support/pages.rs"]
mod pages;

use std::{collections::BTreeSet, fs};

use clap::CommandFactory;

use crate::{arguments::Arguments, pages::packaging};

const PROGRAM: &str = "connmapperl-client";

/// `--name` and `-n` in a text, as they begin words.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_option = |word: &&str| word.starts_with('-') && word.contains(|c: char| c.is_ascii_alphabetic());
    words.filter(is_option).map(str::to_owned).collect()
}

/// What the help lists: the beginnings of its lines.
fn of_help() -> BTreeSet<String> {
    let help = Arguments::command().render_long_help().to_string();
    let lines = help.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines.flat_map(|line| options(line.split(['<', '[']).next().unwrap())).collect()
}

/// What the page explains: the line behind each `.TP` of its options.
fn of_page(page: &str) -> BTreeSet<String> {
    let section = page.split("\n.SH ").find(|section| section.starts_with("OPTIONS\n")).unwrap();
    let explained = section.split(".TP\n").skip(1).map(|entry| entry.lines().next().unwrap());
    explained.flat_map(|line| options(&line.replace("\\-", "-"))).collect()
}

#[test]
fn the_man_page_explains_each_option_of_the_help_and_no_other() {
    let page = fs::read_to_string(packaging("man/connmapperl-client.1")).unwrap();
    let listed = of_help();
    assert!(listed.contains("--token-file") && listed.contains("-v"), "{listed:?}");
    assert_eq!(of_page(&page), listed);
}

#[test]
fn completions_are_those_of_the_arguments() {
    pages::assert_current(PROGRAM, &pages::completions(&Arguments::command()));
}

#[test]
fn shells_offer_its_options() {
    for (shell, offered) in pages::offered(PROGRAM, "connmapperl-client --fin") {
        assert_eq!(offered, ["--fingerprint"], "{shell}");
    }
    // What is refused is not offered.
    for (shell, offered) in pages::offered(PROGRAM, "connmapperl-client --pass") {
        assert!(offered.concat().is_empty(), "{shell}: {offered:?}");
    }
}
