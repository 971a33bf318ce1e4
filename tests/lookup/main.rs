//! What is asked about one address: lines of logs on a real disk, and real programs.

#![cfg(test)]

mod broken_logs;
mod command;
mod logs;
