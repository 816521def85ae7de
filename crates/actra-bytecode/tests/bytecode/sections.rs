//! Sections that a file may be without: proofs and documents, since format 1.1.

use crate::artifacts::{contents, entry, kinds, patched, replace, section};
use crate::build::{DOCUMENTS, GOVERNANCE, artifact, full, proofs, refunds, signed};
use actra_bytecode::artifact::{
    Artifact, ArtifactError, Digest, Envelope, Identity, Metadata, Promise, Proofs, ProvedPromise,
};
use actra_bytecode::ids::ActionId;
use actra_bytecode::limits::{MAX_ARTIFACT_BYTES, MAX_DOCUMENT_BYTES, MAX_PROOFS};
use actra_bytecode::{Effect, Program};

/// The file says that it is of that minor version.
fn minor(file: &[u8]) -> u16 {
    u16::from_le_bytes([file[10], file[11]])
}

#[test]
fn a_file_is_of_the_least_minor_version_that_has_its_sections() {
    let plain = artifact();
    assert_eq!((minor(&plain.encode()), kinds(&plain.encode())), (0, vec![1, 2, 3, 4]));
    let proved = signed(plain.clone().with_proofs(proofs()).unwrap());
    assert_eq!((minor(&proved.encode()), kinds(&proved.encode())), (1, vec![1, 2, 3, 5, 4]));
    let documented = signed(plain.with_documents(DOCUMENTS).unwrap());
    assert_eq!(
        (minor(&documented.encode()), kinds(&documented.encode())),
        (1, vec![1, 2, 3, 6, 4])
    );
    let full = full();
    assert_eq!((minor(&full.encode()), kinds(&full.encode())), (1, vec![1, 2, 3, 5, 6, 4]));
    for artifact in [proved, documented, full] {
        let file = artifact.encode();
        let again = Artifact::decode(&file).unwrap();
        assert!(again.encode() == file, "another file");
        assert_eq!(again.signatures(), artifact.signatures());
        let envelope = Envelope::open(&file).unwrap();
        assert_eq!(envelope.signed_preimage(), artifact.signed_preimage());
        let unsigned = again.with_revision(42).encode();
        assert!(artifact.signed_preimage().ends_with(&unsigned));
    }
}

#[test]
fn proofs_tell_what_was_proved_of_which_actions() {
    let artifact = Artifact::decode(&full().encode()).unwrap();
    let told: Vec<_> = artifact
        .proofs()
        .map(|proof| {
            assert_eq!((proof.analyser, proof.governance), (1, Digest::of(GOVERNANCE.as_bytes())));
            let actions: Vec<_> = proof.actions().collect();
            let conditions = (proof.is_complete, proof.has_assumption);
            (proof.rule, proof.promise.to_string(), actions, conditions)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("frozen", "never: allow".to_owned(), vec!["payout"], (false, true)),
            ("frozen", "always: block".to_owned(), vec!["refund"], (false, true)),
            ("no_refunds", "never: allow".to_owned(), vec!["payout", "refund"], (true, false)),
        ]
    );
}

#[test]
fn documents_are_the_sources_of_the_metadata() {
    let artifact = Artifact::decode(&full().encode()).unwrap();
    let documents: Vec<_> = artifact.documents().collect();
    assert_eq!(documents, [("policy.yaml", DOCUMENTS[0]), ("policies/more.yaml", DOCUMENTS[1])]);
    assert_eq!(crate::build::artifact().documents().len(), 0);
    // They may be empty.
    let empty = crate::build::artifact().with_documents(["", ""]).unwrap();
    let again = Artifact::decode(&empty.encode()).unwrap();
    assert_eq!(again.documents().map(|(_, text)| text).collect::<Vec<_>>(), ["", ""]);
}

#[test]
fn proofs_and_documents_change_neither_program_nor_identity_and_drop_signatures() {
    let plain = artifact();
    for other in [
        plain.clone().with_proofs(proofs()).unwrap(),
        plain.clone().with_documents(DOCUMENTS).unwrap(),
    ] {
        assert_eq!(other.digest(), plain.digest());
        assert_eq!(other.identity(), plain.identity());
        assert!(other.signatures().is_empty());
        assert_ne!(other.signed_preimage(), plain.signed_preimage());
    }
    // Another revision keeps them.
    let again = full().with_revision(43);
    assert_eq!((again.proofs().len(), again.documents().len()), (3, 2));
}

#[test]
fn what_is_signed_holds_proofs_and_documents() {
    let signed = full();
    let mut file = signed.encode();
    let (documents, length) = section(&file, 6);
    let last = documents + length - 2;
    assert_eq!(file[last], b']');
    file[last] = b'}';
    let changed = Envelope::open(&file).unwrap();
    assert_ne!(changed.signed_preimage(), signed.signed_preimage());
    assert_eq!(changed.signatures(), signed.signatures());
}

#[test]
fn proofs_have_one_order_whichever_they_come_in() {
    let proved = |rule, promise| ProvedPromise {
        rule,
        promise,
        is_complete: false,
        has_assumption: false,
        actions: vec![ActionId(0)],
    };
    let mut all = vec![
        proved("a", Promise::Never(Effect::Allow)),
        proved("a", Promise::Never(Effect::Block)),
        proved("a", Promise::Always(Effect::RequireApproval)),
        proved("b", Promise::Always(Effect::Allow)),
    ];
    let digest = Digest::of(b"");
    let sorted = Proofs::new(1, digest, all.clone());
    all.reverse();
    assert_eq!(Proofs::new(1, digest, all), sorted);
    let file = artifact().with_proofs(sorted).unwrap().encode();
    assert!(Artifact::decode(&file).unwrap().encode() == file, "another file");
}

#[test]
fn what_no_file_could_hold_is_refused_when_it_is_made() {
    let told =
        |result: Result<Artifact, ArtifactError>| result.map(|_| ()).unwrap_err().to_string();
    let proofs = |proved| artifact().with_proofs(Proofs::new(1, Digest::of(b""), proved));
    assert_eq!(told(proofs(vec![])), "proof 0 of the artifact: there is none");
    let proved = |rule, actions: &[u32]| ProvedPromise {
        rule,
        promise: Promise::Never(Effect::Allow),
        is_complete: false,
        has_assumption: false,
        actions: actions.iter().copied().map(ActionId).collect(),
    };
    for (made, message) in [
        (vec![proved("a", &[0]), proved("", &[0])], "proof 0 of the artifact: the rule has no id"),
        (
            vec![proved("a", &[0]), proved("a", &[1])],
            "proof 1 of the artifact: unsorted or repeated promise",
        ),
        (vec![proved("a", &[])], "proof 0 of the artifact: the actions are none of the program's"),
        (
            vec![proved("a", &[0, 2])],
            "proof 0 of the artifact: the actions are none of the program's",
        ),
        (vec![proved("a", &[1, 0])], "proof 0 of the artifact: unsorted or repeated actions"),
    ] {
        assert_eq!(told(proofs(made)), message);
    }
    let ids: Vec<String> = (0..=MAX_PROOFS).map(|id| id.to_string()).collect();
    assert_eq!(
        told(proofs(ids.iter().map(|id| proved(id, &[0])).collect())),
        "proof 100000 of the artifact: more proofs than a file may have"
    );

    let large = "x".repeat(MAX_DOCUMENT_BYTES + 1);
    for (texts, message) in [
        (vec![""], "document 1 of the artifact: there is not one for each source"),
        (vec![""; 3], "document 3 of the artifact: there is not one for each source"),
        (vec!["", &large], "document 1 of the artifact: it is larger than allowed"),
        (
            vec![&large[1..]; MAX_ARTIFACT_BYTES / MAX_DOCUMENT_BYTES + 1],
            "the artifact takes 553648128 bytes, and 536870912 are allowed",
        ),
    ] {
        assert_eq!(told(artifact().with_documents(texts)), message);
    }
    let mut without = Metadata::new("", []);
    (0..5).for_each(|_| without.push_rule(None, ""));
    let identity = Identity { policy_hash: Digest([0; 32]), revision: 0 };
    let program = Program::verify(refunds()).unwrap();
    let without = Artifact::new(program, identity, without).unwrap();
    assert_eq!(
        told(without.with_documents([])),
        "document 0 of the artifact: there is not one for each source"
    );
}

/// Every way for a file to be refused for these sections, with its message.
#[expect(clippy::too_many_lines, reason = "a table of cases")]
pub(crate) fn refused() -> Vec<(Vec<u8>, String)> {
    let file = full().encode();
    let plain = artifact().encode();
    let at = |kind| entry(&file, kind);
    let (proofs, documents) = (contents(&file, 5), contents(&file, 6));
    let in_proofs = |at, bytes: &[u8]| replace(&file, 5, &patched(&proofs, at, bytes));
    let in_documents = |at, bytes: &[u8]| replace(&file, 6, &patched(&documents, at, bytes));
    // Of its records, actions and text.
    let (record, actions) = (|entry: usize| 44 + entry * 11, 44 + 3 * 11);
    let text = actions + 4 * 4;
    // Sections by kind, with table and minor version that fit.
    let of_kinds = |minor: u8, kinds: &[usize]| {
        let mut made = patched(&file[..24], 10, &[minor]);
        made[18] = kinds.len() as u8;
        let mut offset = 24 + 12 * kinds.len();
        for kind in kinds {
            let length = section(&file, *kind).1;
            for number in [*kind, offset, length] {
                made.extend((number as u32).to_le_bytes());
            }
            offset += length;
        }
        made.extend(kinds.iter().flat_map(|kind| contents(&file, *kind)));
        made
    };
    let with_text = |text: &[u8]| replace(&file, 6, text);
    let large = (MAX_DOCUMENT_BYTES + 1) as u32;
    let large = [&large.to_le_bytes()[..], &large.to_le_bytes(), &vec![b'x'; large as usize]];
    let kind = |entry| format!("section {entry} of the artifact: its kind is not what it must be");
    let number = |count| {
        format!("section {count} of the artifact: the number of sections is not what it must be")
    };
    let proof = |entry: usize, what| format!("proof {entry} of the artifact: {what}");
    let document = |entry: usize, what| format!("document {entry} of the artifact: {what}");
    vec![
        // A file without the sections is of minor version 0, one with them of 1.
        (patched(&plain, 10, &[1]), number(4)),
        (patched(&file, 10, &[0]), number(6)),
        (of_kinds(0, &[1, 2, 3, 5, 4]), number(5)),
        (of_kinds(0, &[1, 2, 3, 5]), kind(3)),
        (of_kinds(1, &[1, 2, 3, 6, 5, 4]), kind(4)),
        (of_kinds(1, &[1, 2, 3, 5, 5, 4]), kind(4)),
        (of_kinds(1, &[1, 2, 3, 4, 5]), kind(4)),
        (of_kinds(1, &[1, 2, 3, 5, 6]), kind(4)),
        (of_kinds(1, &[1, 2, 5, 3, 4]), kind(2)),
        (of_kinds(1, &[1, 2, 3, 4, 4]), kind(4)),
        (patched(&file, at(5), &[7]), kind(3)),
        (patched(&file, at(6), &[0]), kind(4)),
        (patched(&file, 18, &[7]), number(7)),
        (file[..90].to_vec(), "the artifact is cut off: it has 90 bytes of at least 96".to_owned()),
        (
            replace(&file, 5, &[]),
            "section 3 of the artifact: its length is not what it must be".to_owned(),
        ),
        (
            replace(&file, 6, &[]),
            "section 4 of the artifact: its length is not what it must be".to_owned(),
        ),
        // Proofs.
        (
            replace(&file, 5, &proofs[..43]),
            "the artifact's proofs section is 43 bytes long, and its contents are not".to_owned(),
        ),
        (
            replace(&file, 5, &proofs[..text - 1]),
            format!(
                "the artifact's proofs section is {} bytes long, and its contents are not",
                text - 1
            ),
        ),
        (in_proofs(36, &[0]), proof(0, "there is none")),
        (
            in_proofs(36, &(MAX_PROOFS as u32 + 1).to_le_bytes()),
            proof(MAX_PROOFS, "more proofs than a file may have"),
        ),
        (in_proofs(record(0) + 8, &[0]), proof(0, "unknown promise")),
        (in_proofs(record(1) + 8, &[3]), proof(1, "unknown promise")),
        (in_proofs(record(1) + 9, &[4]), proof(1, "unknown promise")),
        (in_proofs(record(2) + 10, &[4]), proof(2, "unknown promise")),
        (in_proofs(record(0), &[0]), proof(0, "the rule has no id")),
        (in_proofs(record(1), &[5]), proof(1, "the rule does not follow the one before")),
        (in_proofs(record(2), &[255]), proof(2, "the rule does not follow the one before")),
        (in_proofs(record(1) + 8, &[1, 1]), proof(1, "unsorted or repeated promise")),
        (in_proofs(text, b"z"), proof(1, "unsorted or repeated promise")),
        (in_proofs(record(1) + 4, &[0]), proof(1, "the actions do not follow those before")),
        (in_proofs(record(0) + 4, &[0]), proof(0, "the actions are none of the program's")),
        (in_proofs(actions, &[2]), proof(0, "the actions are none of the program's")),
        (in_proofs(actions + 8, &[1]), proof(2, "unsorted or repeated actions")),
        (in_proofs(text, &[0xff]), proof(0, "the text is not UTF-8")),
        (replace(&file, 5, &[&proofs[..], b"x"].concat()), proof(3, "something is left over")),
        (
            replace(
                &file,
                5,
                &[&patched(&proofs, 40, &[5])[..text], &[1, 0, 0, 0], &proofs[text..]].concat(),
            ),
            proof(3, "something is left over"),
        ),
        // Documents.
        (
            with_text(&documents[..7]),
            "the artifact's documents section is 7 bytes long, and its contents are not".to_owned(),
        ),
        (in_documents(0, &[255]), document(0, "it does not follow the one before")),
        (in_documents(4, &[1]), document(1, "it does not follow the one before")),
        // In the middle of a character.
        (in_documents(0, &[15]), document(0, "it does not follow the one before")),
        (in_documents(9, &[0xff]), document(0, "the text is not UTF-8")),
        (with_text(&[&documents[..], b"x"].concat()), document(2, "text is left over")),
        (with_text(&large.concat()), document(0, "it is larger than allowed")),
    ]
}
