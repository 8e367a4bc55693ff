//! The token that a button needs: a random word that only its receivers have.

use std::fmt;

use subtle::ConstantTimeEq;

/// 128 bits, in hexadecimal digits.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Token(bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(crate::digit).collect()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Returns whether `given` is the token, in a time that does not depend on where the two differ.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike_and_none_is_printed() {
        let (one, other) = (Token::new().unwrap(), Token::new().unwrap());
        assert!(one.is(one.text().as_bytes()) && !one.is(other.text().as_bytes()));
        assert!(!one.is(b"") && !one.is(&one.text().as_bytes()[1..]));
        assert_eq!((one.text().len(), format!("{one:?}")), (32, "***".to_owned()));
    }
}
