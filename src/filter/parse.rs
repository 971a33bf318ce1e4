//! Reads a filter's text by recursive descent, one function for each line of the grammar. Stops at the first thing
//! that it cannot read, and bounds what it takes, so that no text costs more than a line of typing.

use super::{
    expr::Expr,
    field::Field,
    free_text::FreeText,
    network::Network,
    problem::{Found, ParseError, Problem},
    scan::{Head, Scanner, head},
    term::{Reason, Term},
    value::{Value, term_from_values},
};

/// Parentheses and negations within each other. People use three; each takes some of the stack.
pub const MAX_DEPTH: u32 = 32;

/// Conditions and values of one filter. A list of addresses pasted in has some dozens; each is asked of each connection.
pub const MAX_TERMS: u32 = 1_000;

pub(super) fn expression(text: &str) -> Result<Expr, ParseError> {
    let mut parser = Parser { scan: Scanner::new(text), depth: 0, terms: 0 };
    parser.scan.skip_space();
    if parser.scan.is_at_end() {
        return Ok(Expr::default());
    }
    let read = parser.any()?;
    if parser.scan.is_at_end() {
        return Ok(read);
    }
    // Everything but a closing parenthesis begins a condition.
    let at = parser.scan.at();
    Err(ParseError { range: at..at + 1, problem: Problem::StrayParenthesis })
}

struct Parser<'a> {
    scan: Scanner<'a>,
    depth: u32,
    /// Conditions and values so far.
    terms: u32,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expr, ParseError> {
        let mut parts = vec![self.all()?];
        while self.scan.eat_or() {
            parts.push(self.all()?);
        }
        Ok(Expr::any(parts))
    }

    fn all(&mut self) -> Result<Expr, ParseError> {
        let mut parts = vec![self.unary()?];
        loop {
            self.scan.skip_space();
            if self.scan.is_at_end() || self.scan.is_before(')') || self.scan.is_before_or() {
                return Ok(Expr::all(parts));
            }
            self.scan.eat_and();
            parts.push(self.unary()?);
        }
    }

    fn unary(&mut self) -> Result<Expr, ParseError> {
        self.scan.skip_space();
        let start = self.scan.at();
        if self.scan.eat_not() {
            return self.deeper(start, Self::unary).map(|inner| Expr::Not(Box::new(inner)));
        }
        if self.scan.eat("(") {
            let inner = self.deeper(start, Self::any)?;
            self.scan.skip_space();
            if self.scan.eat(")") {
                return Ok(inner);
            }
            return Err(ParseError { range: start..start + 1, problem: Problem::OpenParenthesis });
        }
        let is_joint = self.scan.eat_or() || self.scan.eat_and() || self.scan.eat(")");
        if is_joint || self.scan.is_at_end() {
            let found = Found::from_text(self.scan.since(start));
            return Err(self.error(start, Problem::NoCondition(found)));
        }
        self.condition()
    }

    fn deeper<T>(
        &mut self,
        start: usize,
        read: impl FnOnce(&mut Self) -> Result<T, ParseError>,
    ) -> Result<T, ParseError> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(start, Problem::TooDeep));
        }
        self.depth += 1;
        let read = read(self)?;
        self.depth -= 1;
        Ok(read)
    }

    fn condition(&mut self) -> Result<Expr, ParseError> {
        let start = self.scan.at();
        if self.scan.is_before('"') {
            let text = self.quoted()?;
            self.count(start)?;
            if text.is_empty() {
                return Err(self.error(start, Problem::EmptyText));
            }
            return Ok(Expr::Term(Term::Text(FreeText::new(&text))));
        }
        let word = self.scan.word_ahead();
        let Head::Named { name, field, negated, exact, bytes } = head(word) else {
            self.scan.skip(word.len());
            self.count(start)?;
            return Ok(Expr::Term(term_from_word(word)));
        };
        self.scan.skip(bytes);
        let Some(field) = field else {
            let problem =
                Problem::UnknownField { name: Found::from_text(name), nearest: Field::nearest(name) };
            return Err(ParseError { range: start..start + name.len(), problem });
        };
        let read = |parser: &mut Self| parser.values(field, exact);
        if negated {
            // Printed as `!`, so it counts as one.
            self.deeper(start, read).map(|term| Expr::Not(Box::new(Expr::Term(term))))
        } else {
            read(self).map(Expr::Term)
        }
    }

    fn values(&mut self, field: Field, exact: bool) -> Result<Term, ParseError> {
        let mut values = Vec::new();
        loop {
            let start = self.scan.at();
            let is_quoted = self.scan.is_before('"');
            let text = if is_quoted { self.quoted()? } else { self.scan.bare_value().to_owned() };
            let range = self.scan.range_from(start);
            if text.is_empty() && !is_quoted {
                let problem = Problem::Value { field, found: Found::from_text("") };
                return Err(ParseError { range, problem });
            }
            self.count(start)?;
            values.push(Value { text, range });
            if !self.scan.eat(",") {
                return term_from_values(field, exact, &values);
            }
            self.scan.skip_space();
        }
    }

    fn quoted(&mut self) -> Result<String, ParseError> {
        let start = self.scan.at();
        let (text, is_closed) = self.scan.quoted();
        if is_closed { Ok(text) } else { Err(self.error(start, Problem::OpenQuote)) }
    }

    fn count(&mut self, start: usize) -> Result<(), ParseError> {
        self.terms += 1;
        if self.terms > MAX_TERMS { Err(self.error(start, Problem::TooMany)) } else { Ok(()) }
    }

    fn error(&self, start: usize, problem: Problem) -> ParseError {
        ParseError { range: self.scan.range_from(start), problem }
    }
}

fn term_from_word(word: &str) -> Term {
    if let Some(reason) = Reason::from_word(word) {
        Term::Is(vec![reason])
    } else if word.contains('/')
        && let Some(network) = Network::from_text(word)
    {
        Term::Network(vec![network])
    } else {
        Term::Text(FreeText::from_word(word))
    }
}
