//! Keys and signatures by the book.

use super::*;
use serde_json::Value;

/// RFC 8032's own examples.
fn vectors() -> Vec<Value> {
    let text = include_str!("../../../../conformance/vectors/ed25519.json");
    serde_json::from_str(text).unwrap()
}

fn bytes(vector: &Value, key: &str) -> Vec<u8> {
    unhex(vector[key].as_str().unwrap())
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn secret(seed: &[u8]) -> SigningKey {
    let pem = pem::encode(&[&secret::VERSION_1[..], seed].concat(), "PRIVATE KEY");
    SigningKey::from_pem(pem.as_bytes()).unwrap()
}

#[test]
fn keys_and_signatures_are_those_of_rfc_8032() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 5);
    for vector in &vectors {
        let key = secret(&bytes(vector, "secret"));
        let public = PublicKey::parse(&bytes(vector, "public")).unwrap();
        assert_eq!(key.public(), public, "{vector}");
        let (message, signature) = (bytes(vector, "message"), bytes(vector, "signature"));
        assert_eq!(key.sign_bytes(&message).to_vec(), signature, "{vector}");
        let signature: [u8; 64] = signature.try_into().unwrap();
        assert!(public.has_signed(&message, &signature), "{vector}");
        for bit in 0..8 * 64 {
            let mut other = signature;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!public.has_signed(&message, &other), "bit {bit}: {vector}");
        }
        assert!(!public.has_signed(&[&message[..], b"x"].concat(), &signature), "{vector}");
        for other in &vectors {
            let other_key = PublicKey::parse(&bytes(other, "public")).unwrap();
            assert_eq!(other_key.has_signed(&message, &signature), other == vector);
        }
    }
}

/// The order of the group is L: adding it to S gives the same equation and another signature.
#[test]
fn a_signature_has_one_spelling() {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    for vector in &vectors() {
        let public = PublicKey::parse(&bytes(vector, "public")).unwrap();
        let mut signature: [u8; 64] = bytes(vector, "signature").try_into().unwrap();
        let mut carry = 0_u16;
        for (byte, more) in signature[32..].iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(more);
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(carry, 0);
        assert!(!public.has_signed(&bytes(vector, "message"), &signature), "{vector}");
    }
}

/// The points of small order in each of their spellings, and bytes that are no point: `y` alone
/// makes them, so they are listed as little-endian hexadecimal digits.
#[test]
fn keys_with_which_anybody_can_sign_are_refused() {
    let (zeros, ones) = ("00".repeat(30), "ff".repeat(30));
    let all = [
        format!("01{zeros}00"),
        format!("01{zeros}80"),
        format!("00{zeros}00"),
        format!("00{zeros}80"),
        format!("ec{ones}7f"),
        format!("ec{ones}ff"),
        format!("ed{ones}7f"),
        format!("ed{ones}ff"),
        format!("ee{ones}7f"),
        format!("ee{ones}ff"),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05".to_owned(),
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85".to_owned(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a".to_owned(),
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa".to_owned(),
        // No point, and a point whose `y` is written as `y` + p.
        format!("02{zeros}00"),
        format!("f0{ones}7f"),
        format!("f1{ones}7f"),
    ];
    for text in all {
        let key = unhex(&text);
        assert_eq!(PublicKey::parse(&key), Err(KeyError::Weak), "{text}");
        let spki = [&public::SPKI[..], &key].concat();
        let pem = pem::encode(&spki, "PUBLIC KEY");
        assert_eq!(PublicKey::parse(pem.as_bytes()), Err(KeyError::Weak), "{text}");
    }
}

#[test]
fn keys_in_pem_read_as_what_they_were() {
    let key = secret(&bytes(&vectors()[0], "secret"));
    let pem = key.to_pem();
    assert_eq!(SigningKey::from_pem(pem.as_bytes()).unwrap().public(), key.public());
    // RFC 8410, 10.1 and 10.3: the same key as public key, and with it in version 2.
    let public = "-----BEGIN PUBLIC KEY-----\n\
                  MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
                  -----END PUBLIC KEY-----\n";
    let private = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
    let key = SigningKey::from_pem(private.as_bytes()).unwrap();
    assert_eq!(key.public().to_pem(), public);
    assert_eq!(*key.to_pem(), private);
    let seed = pem::decode(private.as_bytes(), "PRIVATE KEY").unwrap()[16..].to_vec();
    let version_2 = |public: &[u8]| {
        let all = [&secret::VERSION_2[..], &seed, &secret::PUBLIC, public].concat();
        SigningKey::from_pem(pem::encode(&all, "PRIVATE KEY").as_bytes())
    };
    assert_eq!(version_2(&key.public().to_bytes()).unwrap().public(), key.public());
    assert_eq!(version_2(&[1; 32]).unwrap_err(), KeyError::Mismatch);
    assert_eq!(version_2(&[]).unwrap_err(), KeyError::Mismatch);
}

#[test]
fn what_is_no_such_key_is_told_so_with_help() {
    let key = SigningKey::generate().unwrap();
    let (private, public) = (key.to_pem(), key.public().to_pem());
    let error = PublicKey::parse(private.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the file holds a `PRIVATE KEY`, and a `PUBLIC KEY` is asked for"
    );
    assert!(error.help().contains("-pubout"), "{}", error.help());
    let error = SigningKey::from_pem(public.as_bytes()).unwrap_err();
    assert!(error.help().contains("actra keygen"), "{}", error.help());
    let encrypted = private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let error = SigningKey::from_pem(encrypted.as_bytes()).unwrap_err();
    assert!(error.help().contains("--key -"), "{}", error.help());
    let x25519 = [&public::SPKI[..], &[9; 32]].concat();
    let mut of_another_kind = x25519.clone();
    of_another_kind[8] = 0x6e;
    for bytes in [&of_another_kind[..], &x25519[..43], &[&x25519[..], &[0]].concat(), b""] {
        let pem = pem::encode(bytes, "PUBLIC KEY");
        assert_eq!(PublicKey::parse(pem.as_bytes()), Err(KeyError::NotEd25519));
        let pem = pem::encode(bytes, "PRIVATE KEY");
        assert_eq!(SigningKey::from_pem(pem.as_bytes()).unwrap_err(), KeyError::NotEd25519);
    }
    for bytes in [&b""[..], &[9; 31], &[9; 33]] {
        assert!(matches!(PublicKey::parse(bytes), Err(KeyError::NotPem { .. })));
    }
}

#[test]
fn nothing_shows_a_private_key() {
    let key = secret(&bytes(&vectors()[0], "secret"));
    let shown = format!("{key:?}");
    assert_eq!(shown, format!("SigningKey({})", key.public().id()));
    assert_eq!(format!("{:?}", key.public()), format!("PublicKey({})", key.public().id()));
}

#[test]
fn new_keys_differ() {
    let keys: Vec<_> = (0..8).map(|_| SigningKey::generate().unwrap().public().id()).collect();
    let distinct: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
}
