//! Man pages and completions of the display.

#![cfg(test)]

#[path = "support/pages.rs"]
mod pages;

use clap::CommandFactory;
use connmapperl::cli::Cli;

const PROGRAM: &str = "connmapperl";

#[test]
fn pages_and_completions_are_those_of_the_arguments() {
    let command = Cli::command();
    let mut pages = pages::completions(&command);
    pages.extend(pages::man_pages(command));
    pages::assert_current(PROGRAM, &pages);
}

#[test]
fn shells_offer_commands_and_their_options() {
    for (shell, offered) in pages::offered(PROGRAM, "connmapperl rend") {
        assert_eq!(offered, ["render"], "{shell}");
    }
    for (shell, offered) in pages::offered(PROGRAM, "connmapperl render --fp") {
        assert_eq!(offered, ["--fps"], "{shell}");
    }
}
