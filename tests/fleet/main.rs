//! Agents and listener as real processes, joined over loopback: nothing is lost and nothing doubled, whoever is killed.

#![cfg(test)]

#[path = "house.rs"]
mod house;
#[path = "kills.rs"]
mod kills;
#[path = "ledger.rs"]
mod ledger;
#[path = "serving.rs"]
mod serving;
#[path = "../support/signals.rs"]
mod signals;
#[path = "../support/mod.rs"]
mod support;
