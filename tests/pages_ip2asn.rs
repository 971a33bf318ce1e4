//! Man pages and completions of `ip2asn`.

#![cfg(test)]

#[path = "../src/bin/ip2asn/options.rs"]
#[allow(dead_code, reason = "what is made of it is not looked at")]
mod options;
#[path = "support/pages.rs"]
mod pages;

use clap::CommandFactory;

use crate::options::Options;

const PROGRAM: &str = "ip2asn";

#[test]
fn pages_and_completions_are_those_of_the_arguments() {
    let command = Options::command();
    let mut pages = pages::completions(&command);
    pages.extend(pages::man_pages(command));
    pages::assert_current(PROGRAM, &pages);
}

#[test]
fn shells_offer_commands_and_their_options() {
    for (shell, offered) in pages::offered(PROGRAM, "ip2asn up") {
        assert_eq!(offered, ["update"], "{shell}");
    }
    for (shell, offered) in pages::offered(PROGRAM, "ip2asn update --fr") {
        assert_eq!(offered, ["--from-base"], "{shell}");
    }
}
