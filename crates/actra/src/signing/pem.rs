//! PEM as RFC 7468 wants it to be written: one block, without headers, in canonical base64.

use super::KeyError;

/// Bytes of a key's file: the longest that is read is of an eighth of that.
const MAX_BYTES: usize = 4096;
/// Characters of a line.
const LINE: usize = 64;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const fn not_pem<T>(what: &'static str) -> Result<T, KeyError> {
    Err(KeyError::NotPem { what })
}

/// The bytes of the one block of the text, which must have that label.
pub(super) fn decode(text: &[u8], wanted: &'static str) -> Result<Vec<u8>, KeyError> {
    if text.len() > MAX_BYTES {
        return not_pem("it is too long for a key");
    }
    let Ok(text) = std::str::from_utf8(text) else { return not_pem("it is not text") };
    let Some(rest) = text.trim_ascii().strip_prefix("-----BEGIN ") else {
        return not_pem("it does not begin with `-----BEGIN`");
    };
    let Some((label, rest)) = rest.split_once("-----") else {
        return not_pem("its first line does not end with `-----`");
    };
    let Some(body) = rest.strip_suffix("-----").and_then(|rest| {
        let rest = rest.strip_suffix(label)?;
        rest.strip_suffix("-----END ")
    }) else {
        return not_pem("it does not end with a line that says so, and nothing after it");
    };
    if label != wanted {
        return Err(KeyError::WrongLabel { found: label.escape_debug().to_string(), wanted });
    }
    let digits: Vec<u8> = body.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    base64(&digits).map_or_else(|| not_pem("its body is not base64"), Ok)
}

/// The bytes as a block of that label.
pub(super) fn encode(bytes: &[u8], label: &str) -> String {
    // All at once, so that nothing is copied when it grows: it may be a secret.
    let mut text = String::with_capacity(2 * bytes.len() + 2 * label.len() + 64);
    let mut column = 0;
    text.extend(["-----BEGIN ", label, "-----\n"]);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = (group >> (18 - 6 * place)) as usize % ALPHABET.len();
            let is_there = place <= chunk.len();
            let digit = ALPHABET.get(digit).filter(|_| is_there);
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
        column += 4;
        if column == LINE {
            text.push('\n');
            column = 0;
        }
    }
    if column > 0 {
        text.push('\n');
    }
    text.extend(["-----END ", label, "-----\n"]);
    text
}

/// What base64 stands for; `None` where it is not the one way to write that.
fn base64(digits: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = digits.as_chunks::<4>();
    let mut bytes = Vec::with_capacity(3 * groups.len());
    for (index, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|digit| **digit == b'=').count();
        if padding > 2 || (padding > 0 && index + 1 != groups.len()) {
            return None;
        }
        let mut value = 0_u32;
        for digit in group.iter().take(4 - padding) {
            value = value << 6 | ALPHABET.iter().position(|known| known == digit)? as u32;
        }
        let [_, found @ ..] = (value << (6 * padding)).to_be_bytes();
        let (found, unused) = found.split_at(3 - padding);
        if unused.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(found);
    }
    rest.is_empty().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_and_each_of_it_has_one_spelling() {
        for length in 0..200_u8 {
            let bytes: Vec<u8> = (0..length).map(|at| at.wrapping_mul(151) ^ length).collect();
            let text = encode(&bytes, "THING");
            assert_eq!(decode(text.as_bytes(), "THING").as_ref(), Ok(&bytes), "{text}");
            assert!(text.lines().all(|line| line.len() <= LINE), "{text}");
            assert_eq!(decode(text.replace('\n', "\r\n").as_bytes(), "THING").as_ref(), Ok(&bytes));
        }
        // RFC 4648, section 10.
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()).as_deref(), Some(bytes.as_bytes()));
        }
        for text in ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z===", "====", "Zm-v", "Zm 9v"]
        {
            assert_eq!(base64(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_pem_is_told_so() {
        let block = encode(b"key", "THING");
        let cases = [
            (String::new(), "begin"),
            ("key".to_owned(), "begin"),
            ("-----BEGIN THING\n".to_owned(), "first line"),
            (format!("{block}{block}"), "base64"),
            (format!("{block}more"), "end with a line"),
            (block.replace("END THING", "END THINGS"), "end with a line"),
            (block.replace("THING-----\na", "THING-----\nProc-Type: 4\n\na"), "base64"),
            ("x".repeat(MAX_BYTES + 1), "too long"),
        ];
        for (text, what) in cases {
            let error = decode(text.as_bytes(), "THING").unwrap_err();
            assert!(matches!(error, KeyError::NotPem { .. }), "{error}: {text}");
            assert!(error.to_string().contains(what), "{error}: {text}");
        }
        assert!(decode(b"\xff", "THING").unwrap_err().to_string().contains("not text"));
        let other = decode(block.as_bytes(), "OTHER").unwrap_err();
        assert_eq!(other, KeyError::WrongLabel { found: "THING".to_owned(), wanted: "OTHER" });
    }
}
