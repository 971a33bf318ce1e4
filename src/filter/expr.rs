//! Conditions joined by and, or and not. There is one form for each meaning of the joints: parts of a joint are never
//! the same joint again, so printing and reading give the same tree.

use std::fmt;

use super::{subject::Subject, term::Term};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    /// Empty, or two and more.
    All(Vec<Expr>),
    /// Two and more.
    Any(Vec<Expr>),
    Not(Box<Expr>),
    Term(Term),
}

impl Default for Expr {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl Expr {
    pub fn all(parts: Vec<Self>) -> Self {
        let unfold = |part| match part {
            Self::All(inner) => inner,
            other => vec![other],
        };
        Self::one_or(parts.into_iter().flat_map(unfold).collect(), Self::All)
    }

    pub fn any(parts: Vec<Self>) -> Self {
        let unfold = |part| match part {
            Self::Any(inner) => inner,
            other => vec![other],
        };
        Self::one_or(parts.into_iter().flat_map(unfold).collect(), Self::Any)
    }

    fn one_or(mut parts: Vec<Self>, join: impl Fn(Vec<Self>) -> Self) -> Self {
        match parts.pop() {
            Some(only) if parts.is_empty() => only,
            Some(last) => {
                parts.push(last);
                join(parts)
            }
            None => join(parts),
        }
    }

    pub fn is_everything(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(subject)),
            Self::Not(part) => !part.matches(subject),
            Self::Term(term) => term.matches(subject),
        }
    }

    fn joined(f: &mut fmt::Formatter<'_>, parts: &[Self], between: &str) -> fmt::Result {
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                f.write_str(between)?;
            }
            // Within an `or`, the tighter `and` needs no parentheses.
            if matches!(part, Self::Any(_)) { write!(f, "({part})")? } else { write!(f, "{part}")? }
        }
        Ok(())
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => Self::joined(f, parts, " "),
            Self::Any(parts) => Self::joined(f, parts, " or "),
            Self::Not(part) => match &**part {
                joint @ (Self::All(_) | Self::Any(_)) => write!(f, "!({joint})"),
                single => write!(f, "!{single}"),
            },
            Self::Term(term) => term.fmt(f),
        }
    }
}
