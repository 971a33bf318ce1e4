//! The listener against agents good and bad, over TLS on loopback: who is let in, what reaches the taker, and that nobody
//! harms the others.

#![cfg(test)]

mod agent;
mod anew;
mod bad_input;
mod display;
mod fairness;
mod files;
mod links;
mod secrets;
mod strangers;
