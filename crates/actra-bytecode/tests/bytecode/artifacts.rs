//! What files are refused, and why.

use crate::build::{artifact, refunds};
use actra_bytecode::artifact::{
    Artifact, ArtifactError, Digest, Envelope, Identity, Metadata, Signature,
};
use actra_bytecode::ids::RuleId;
use actra_bytecode::limits::{MAX_SIGNATURES, MAX_SOURCES};
use actra_bytecode::{DecodeError, Program};
use std::collections::BTreeSet;

/// Where the first section begins.
const START: usize = 72;
const IDENTITY_BYTES: usize = 76;

/// The kinds of the file's sections, in its order.
pub(crate) fn kinds(file: &[u8]) -> Vec<usize> {
    (0..usize::from(file[18])).map(|entry| usize::from(file[24 + entry * 12])).collect()
}

/// Where the table tells of a section.
pub(crate) fn entry(file: &[u8], kind: usize) -> usize {
    24 + 12 * kinds(file).iter().position(|found| *found == kind).unwrap()
}

/// Offset and length of a section, from the table.
pub(crate) fn section(file: &[u8], kind: usize) -> (usize, usize) {
    let at = entry(file, kind);
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
    (number(at + 4), number(at + 8))
}

/// The bytes of a section.
pub(crate) fn contents(file: &[u8], kind: usize) -> Vec<u8> {
    let (start, length) = section(file, kind);
    file[start..start + length].to_vec()
}

/// Puts other bytes in the place of a section.
pub(crate) fn replace(file: &[u8], kind: usize, with: &[u8]) -> Vec<u8> {
    let kinds = kinds(file);
    let mut offset = 24 + kinds.len() * 12;
    let mut new = file[..offset].to_vec();
    for found in kinds {
        let (start, length) = section(file, found);
        let bytes = if found == kind { with } else { &file[start..start + length] };
        let at = entry(file, found);
        new[at + 4..at + 8].copy_from_slice(&(offset as u32).to_le_bytes());
        new[at + 8..at + 12].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
        new.extend_from_slice(bytes);
        offset += bytes.len();
    }
    new
}

/// The file with another program and the digest that it has.
pub(crate) fn with_program(file: &[u8], program: &[u8]) -> Vec<u8> {
    let (start, length) = section(file, 2);
    let mut identity = file[start..start + length].to_vec();
    identity[..32].copy_from_slice(&Digest::of(program).0);
    replace(&replace(file, 1, program), 2, &identity)
}

pub(crate) fn patched(file: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

#[test]
fn an_artifact_decodes_to_what_was_encoded_and_encodes_to_the_same_bytes() {
    let artifact = artifact();
    let file = artifact.encode();
    let again = Artifact::decode(&file).unwrap();
    assert_eq!(again.encode(), file);
    assert_eq!(again.digest(), artifact.digest());
    assert_eq!(again.identity(), artifact.identity());
    assert_eq!(again.metadata(), artifact.metadata());
    assert_eq!(again.signatures(), artifact.signatures());
    assert_eq!(again.program().to_parts(), refunds());
    let program = again.into_program().encode();
    assert_eq!(Digest::of(&program), artifact.digest());
    assert_eq!(Program::decode(&program).unwrap().encode(), program);
}

#[test]
fn metadata_tells_where_rules_stand() {
    let artifact = artifact();
    let metadata = artifact.metadata();
    assert_eq!(metadata.compiler(), "actra 0.8.0");
    assert_eq!(metadata.sources().collect::<Vec<_>>(), ["policy.yaml", "policies/more.yaml"]);
    let rules: Vec<_> = (0..metadata.rule_count() as u32)
        .map(|id| metadata.rule(RuleId(id)).unwrap())
        .map(|rule| (rule.source, rule.line, rule.column, rule.description))
        .collect();
    assert_eq!(
        rules,
        [
            (Some("policy.yaml"), 30, 5, "Nothing moves while the account is frozen"),
            (Some("policy.yaml"), 8, 5, ""),
            (Some("policies/more.yaml"), 3, 5, "Large sums\nneed two people"),
            (None, 0, 0, "Labelled"),
            (Some("policies/more.yaml"), 12, 7, ""),
        ]
    );
    assert_eq!(metadata.rule(RuleId(5)), None);
}

#[test]
fn metadata_and_signatures_change_neither_program_nor_digest() {
    let artifact = artifact();
    let mut metadata = Metadata::new("", []);
    for _ in 0..5 {
        metadata.push_rule(None, "");
    }
    let program = artifact.program().clone();
    let plain = Artifact::new(program, *artifact.identity(), metadata).unwrap();
    assert_eq!(plain.digest(), artifact.digest());
    assert_eq!(plain.program().to_parts(), artifact.program().to_parts());
}

#[test]
fn signatures_sign_everything_but_signatures() {
    let signed = artifact();
    let program = signed.program().clone();
    let make = |revision| {
        let identity = Identity { revision, ..*signed.identity() };
        Artifact::new(program.clone(), identity, signed.metadata().clone()).unwrap()
    };
    let unsigned = make(42);
    assert_eq!(unsigned.signed_preimage(), signed.signed_preimage());
    assert_ne!(make(43).signed_preimage(), signed.signed_preimage());
    let file = unsigned.encode();
    let head = format!("DSSEv1 30 application/vnd.actra.artifact {} ", file.len());
    assert_eq!(unsigned.signed_preimage(), [head.as_bytes(), &file].concat());
}

#[test]
fn an_envelope_tells_what_was_signed_without_reading_it() {
    let signed = artifact();
    let file = signed.encode();
    let envelope = Envelope::open(&file).unwrap();
    assert_eq!(envelope.signatures(), signed.signatures());
    assert_eq!(envelope.signed_preimage(), signed.signed_preimage());
    assert_eq!(envelope.revision(), Ok(signed.identity().revision));
    // Garbage in the sections is as much as anything else.
    let mut garbage = file.clone();
    garbage[START..file.len() - signed.signatures().len() * 96].fill(0xff);
    let preimage = Envelope::open(&garbage).unwrap().signed_preimage();
    assert!(preimage.ends_with(&[0xff; 64]));
    assert_eq!(preimage.len(), signed.signed_preimage().len());
    let unsigned = signed.clone().with_revision(42).encode();
    assert_eq!(Envelope::open(&unsigned).unwrap().signed_preimage(), signed.signed_preimage());
}

#[test]
fn another_revision_is_another_identity_without_signatures() {
    let again = artifact().with_revision(43);
    assert_eq!(again.identity().revision, 43);
    assert!(again.signatures().is_empty());
    assert_eq!(again.digest(), artifact().digest());
    let file = again.encode();
    assert_eq!(Artifact::decode(&file).unwrap().encode(), file);
    assert_ne!(again.signed_preimage(), artifact().signed_preimage());
}

#[test]
fn a_key_signs_once_and_signatures_are_limited() {
    let mut artifact = artifact();
    let signature = |key, fill| Signature { key_id: [key; 32], signature: [fill; 64] };
    artifact.add_signature(signature(3, 1)).unwrap();
    assert_eq!(artifact.signatures(), [signature(3, 1), signature(9, 9)]);
    for key in 100..100 + MAX_SIGNATURES as u8 - 2 {
        artifact.add_signature(signature(key, 0)).unwrap();
    }
    assert!(artifact.add_signature(signature(255, 0)).is_err());
    artifact.add_signature(signature(100, 1)).unwrap();
    let file = artifact.encode();
    assert_eq!(Artifact::decode(&file).unwrap().encode(), file);
}

/// Every way for a file to be refused, with its message.
fn refused() -> Vec<(Vec<u8>, String)> {
    let file = artifact().encode();
    let size = file.len();
    let (program, program_length) = section(&file, 1);
    let identity = section(&file, 2).0;
    let (metadata, metadata_length) = section(&file, 3);
    let (signatures, signatures_length) = section(&file, 4);
    let metadata = file[metadata..metadata + metadata_length].to_vec();
    let signatures = file[signatures..signatures + signatures_length].to_vec();
    let in_metadata =
        |at, value: u32| replace(&file, 3, &patched(&metadata, at, &value.to_le_bytes()));
    let text = metadata.len() - metadata.windows(5).rev().position(|w| w == b"actra").unwrap() - 5;
    let rules = 12 + 2 * 4;
    let mut half_swapped = signatures[96..].to_vec();
    half_swapped.extend(&signatures[..96]);
    let many = |count: usize| -> Vec<u8> {
        (0..count).flat_map(|n| [[n as u8; 32], [0; 32], [0; 32]].concat()).collect()
    };
    let mut one_more_source = metadata[..8].to_vec();
    one_more_source[4..8].copy_from_slice(&(MAX_SOURCES as u32 + 1).to_le_bytes());
    one_more_source.extend(&metadata[8..]);
    let mut cases = crate::sections::refused();
    cases.extend([
        (
            b"version: 2".to_vec(),
            "not an actra artifact: it does not begin with the magic bytes of one".to_owned(),
        ),
        (
            patched(&file, 6, b"\n\n"),
            "not an actra artifact: it does not begin with the magic bytes of one".to_owned(),
        ),
        (Vec::new(), "the artifact is cut off: it has 0 bytes of at least 72".to_owned()),
        (file[..20].to_vec(), "the artifact is cut off: it has 20 bytes of at least 72".to_owned()),
        (file[..71].to_vec(), "the artifact is cut off: it has 71 bytes of at least 72".to_owned()),
        (file[..100].to_vec(), format!("the artifact is cut off: it has 100 bytes of at least {size}")),
        (
            patched(&file, 8, &[0, 0, 3, 0]),
            "the artifact is of format 0.3, which is no longer read: recompile with actra 0.8.0".to_owned(),
        ),
        (
            patched(&file, 8, &[2, 0, 1, 0, 1, 0, 12, 0]),
            "the artifact is of format 2.1, which actra 1.12.0 and later read; this version reads 1.1".to_owned(),
        ),
        (
            patched(&file, 10, &[2, 0]),
            "the artifact is of format 1.2, which actra 0.8.0 and later read; this version reads 1.1".to_owned(),
        ),
        (patched(&file, 14, &[9]), "the artifact's header names actra 0.9.0 as its first reader".to_owned()),
        (
            patched(&file, 20, &[0, 0, 0, 4]),
            "the artifact needs features that this version does not have (bits 0x4000000)".to_owned(),
        ),
        (
            patched(&file, 18, &[5]),
            "section 5 of the artifact: the number of sections is not what it must be".to_owned(),
        ),
        (patched(&file, 24, &[2]), "section 0 of the artifact: its kind is not what it must be".to_owned()),
        (patched(&file, 40, &[0]), "section 1 of the artifact: its offset is not what it must be".to_owned()),
        (patched(&file, 24 + 36 + 8, &[191]), "1 bytes follow the artifact's last section".to_owned()),
        (
            patched(&file, 24 + 36 + 8, &[255; 4]),
            format!("the artifact is cut off: it has {size} bytes of at least {}", size as u64 - 192 + 0xffff_ffff),
        ),
        ([&file[..], b"x"].concat(), "1 bytes follow the artifact's last section".to_owned()),
        (
            patched(&file, program, &[1]),
            "the artifact's program has the digest {}, and the file says {}".to_owned(),
        ),
        (
            patched(&file, identity, &[0; 32]),
            "the artifact's program has the digest {}, and the file says {}".to_owned(),
        ),
        (
            with_program(&file, &file[program..program + program_length - 1]),
            format!("the program is cut off after {} bytes", program_length - 1),
        ),
        (with_program(&file, &[]), "the program is cut off after 0 bytes".to_owned()),
        (
            with_program(&file, &patched(&file[program..program + program_length], 0, &[3])),
            "settings entry 0: language has the unknown value 3".to_owned(),
        ),
        (
            patched(&file, identity + 64, &[1]),
            "the artifact says language version 1, and its program is of version 2".to_owned(),
        ),
        (
            replace(&file, 2, &[]),
            "the artifact's identity section is 0 bytes long, and its contents are not".to_owned(),
        ),
        (
            replace(
                &file,
                2,
                &patched(&[0; IDENTITY_BYTES + 1], 0, &file[identity..identity + IDENTITY_BYTES]),
            ),
            "the artifact's identity section is 77 bytes long, and its contents are not".to_owned(),
        ),
        (
            replace(&file, 3, &metadata[..11]),
            "the artifact's metadata section is 11 bytes long, and its contents are not".to_owned(),
        ),
        (
            replace(&file, 3, &metadata[..rules + 16]),
            "the artifact's metadata section is 36 bytes long, and its contents are not".to_owned(),
        ),
        (
            replace(&file, 4, &signatures[1..]),
            "the artifact's signature section is 191 bytes long, and its contents are not".to_owned(),
        ),
        (in_metadata(8, 4), "entry 4 of the artifact's metadata: it lists another number of rules".to_owned()),
        (
            in_metadata(8, u32::MAX),
            "entry 4294967295 of the artifact's metadata: it lists another number of rules".to_owned(),
        ),
        (
            replace(&file, 3, &one_more_source),
            "entry 100000 of the artifact's metadata: more sources than allowed".to_owned(),
        ),
        (
            in_metadata(0, 12345),
            "entry 0 of the artifact's metadata: the compiler's version is malformed".to_owned(),
        ),
        (in_metadata(12, 1), "entry 0 of the artifact's metadata: the source's name is malformed".to_owned()),
        (
            in_metadata(rules, 2),
            "entry 0 of the artifact's metadata: the place is none in the sources".to_owned(),
        ),
        (
            in_metadata(rules + 4, 0),
            "entry 0 of the artifact's metadata: the place is none in the sources".to_owned(),
        ),
        (
            in_metadata(rules + 3 * 16 + 8, 1),
            "entry 3 of the artifact's metadata: the place is none in the sources".to_owned(),
        ),
        (
            in_metadata(rules + 12, 3),
            "entry 0 of the artifact's metadata: the description does not follow the one before".to_owned(),
        ),
        (
            in_metadata(rules + 4 * 16 + 12, u32::MAX),
            "entry 4 of the artifact's metadata: the description does not follow the one before".to_owned(),
        ),
        (
            replace(&file, 3, &[&metadata[..], b"x"].concat()),
            "entry 5 of the artifact's metadata: text is left over".to_owned(),
        ),
        (
            replace(&file, 3, &patched(&metadata, text, &[0xff])),
            "entry 0 of the artifact's metadata: the text is not UTF-8".to_owned(),
        ),
        (
            replace(&file, 3, &patched(&metadata, text, b"\x1b")),
            "entry 0 of the artifact's metadata: the compiler's version is malformed".to_owned(),
        ),
        (
            replace(&file, 3, &patched(&metadata, text + 12, b"\n")),
            "entry 0 of the artifact's metadata: the source's name is malformed".to_owned(),
        ),
        (replace(&file, 4, &half_swapped), "signature 1 of the artifact: unsorted or repeated key".to_owned()),
        (
            replace(&file, 4, &[&signatures[..96], &signatures[..96]].concat()),
            "signature 1 of the artifact: unsorted or repeated key".to_owned(),
        ),
        (
            replace(&file, 4, &many(MAX_SIGNATURES + 1)),
            "signature 64 of the artifact: more signatures than a file may have".to_owned(),
        ),
    ]);
    cases
}

#[test]
fn each_way_to_be_refused_says_what_is_wrong() {
    let mut seen = BTreeSet::new();
    let large = ArtifactError::TooLarge { bytes: 2, limit: 1 };
    assert_eq!(large.to_string(), "the artifact takes 2 bytes, and 1 are allowed");
    seen.insert(variant(&large));
    for (number, (file, message)) in refused().iter().enumerate() {
        let error = Artifact::decode(file).map(|_| ()).expect_err(message);
        let found = match &error {
            ArtifactError::DigestMismatch { stored, computed } => error
                .to_string()
                .replace(&stored.to_string(), "{}")
                .replace(&computed.to_string(), "{}"),
            _ => error.to_string(),
        };
        assert_eq!(found, *message, "case {number}");
        seen.insert(variant(&error));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), VARIANTS, "a variant without a case");
}

#[test]
fn sources_are_listed_once() {
    let metadata = Metadata::new("", ["a", "b", "a"]);
    let program = Program::verify(refunds()).unwrap();
    let mut metadata = metadata;
    for _ in 0..5 {
        metadata.push_rule(None, "");
    }
    let identity = Identity { policy_hash: Digest([0; 32]), revision: 0 };
    let error = Artifact::new(program, identity, metadata).map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "entry 0 of the artifact's metadata: the source is listed twice");
}

#[test]
fn each_way_for_a_program_to_be_cut_is_refused() {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let program = Program::verify(refunds()).unwrap().encode();
    let mut note = |bytes: &[u8]| {
        let error = Program::decode(bytes).map(|_| ()).unwrap_err();
        seen.insert(match error {
            DecodeError::TooLarge { .. } => "TooLarge",
            DecodeError::Truncated { .. } => "Truncated",
            DecodeError::TrailingBytes { .. } => "TrailingBytes",
            DecodeError::TornTable { .. } => "TornTable",
            DecodeError::PatternSizes { .. } => "PatternSizes",
            DecodeError::Verify(_) => "Verify",
        });
    };
    note(&program[..program.len() - 1]);
    note(&[&program[..], &[0]].concat());
    note(&vec![0; actra_bytecode::limits::MAX_PROGRAM_BYTES + 1]);
    note(&patched(&program, 0, &[0]));
    // One byte of the text becomes one of the ends before it.
    let ends = u64::from_le_bytes(program[13..21].try_into().unwrap());
    let text_length_at = 21 + ends as usize;
    let text = u64::from_le_bytes(program[text_length_at..][..8].try_into().unwrap());
    let mut torn = program.clone();
    torn[13..21].copy_from_slice(&(ends + 1).to_le_bytes());
    torn.insert(text_length_at, 0);
    assert!(text > 0);
    note(&torn);
    let sizes = [8, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0];
    let at = program.windows(16).position(|window| window == sizes).expect("one pattern's sizes");
    note(&patched(&program, at + 8, &[6]));
    let all = ["PatternSizes", "TooLarge", "TornTable", "TrailingBytes", "Truncated", "Verify"];
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), all);
}

const VARIANTS: [&str; 17] = [
    "BadDocument",
    "BadMetadata",
    "BadProof",
    "BadSection",
    "BadSignature",
    "DigestMismatch",
    "NewerFormat",
    "NotAnArtifact",
    "OlderFormat",
    "Program",
    "SectionLength",
    "TooLarge",
    "TrailingBytes",
    "Truncated",
    "UnknownFeature",
    "WrongLanguage",
    "WrongReader",
];

fn variant(error: &ArtifactError) -> &'static str {
    match error {
        ArtifactError::NotAnArtifact => "NotAnArtifact",
        ArtifactError::Truncated { .. } => "Truncated",
        ArtifactError::TooLarge { .. } => "TooLarge",
        ArtifactError::OlderFormat { .. } => "OlderFormat",
        ArtifactError::NewerFormat { .. } => "NewerFormat",
        ArtifactError::UnknownFeature { .. } => "UnknownFeature",
        ArtifactError::WrongReader { .. } => "WrongReader",
        ArtifactError::BadSection { .. } => "BadSection",
        ArtifactError::TrailingBytes { .. } => "TrailingBytes",
        ArtifactError::DigestMismatch { .. } => "DigestMismatch",
        ArtifactError::Program(_) => "Program",
        ArtifactError::WrongLanguage { .. } => "WrongLanguage",
        ArtifactError::SectionLength { .. } => "SectionLength",
        ArtifactError::BadMetadata { .. } => "BadMetadata",
        ArtifactError::BadProof { .. } => "BadProof",
        ArtifactError::BadDocument { .. } => "BadDocument",
        ArtifactError::BadSignature { .. } => "BadSignature",
    }
}
