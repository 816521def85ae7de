//! `actra explain-error`.

use crate::support::Room;

#[test]
fn a_code_is_explained_with_both_examples_and_what_is_said() {
    let room = Room::new("explain_error");
    let run = room.run(&["explain-error", "undeclared_field"]).succeeds();
    for part in [
        "error[undeclared_field]: ",
        "\nwrong policy.yaml\n    version: 2\n",
        "\nsays\n    error[undeclared_field]: ",
        "= help: did you mean `amount`?\n",
        "\nright policy.yaml\n    version: 2\n",
    ] {
        assert!(run.stdout.contains(part), "{part}: {}", run.stdout);
    }
    // As it is copied from an error.
    assert_eq!(room.run(&["explain-error", "error[undeclared_field]"]).stdout, run.stdout);
    let input = room.run(&["explain-error", "wrong_type"]).succeeds();
    assert!(input.stdout.starts_with("input error[wrong_type]: "), "{}", input.stdout);
    assert!(input.stdout.contains("\nwrong input.json\n"), "{}", input.stdout);
}

#[test]
fn all_codes_are_listed_in_groups() {
    let room = Room::new("explain_error_list");
    let run = room.run(&["explain-error"]).succeeds();
    for line in
        ["Schema\n", "Literals\n", "Input errors\n", "\n  undeclared_field ", "(a warning)\n"]
    {
        assert!(run.stdout.contains(line), "{line}: {}", run.stdout);
    }
    let list = room.run(&["explain-error", "--format", "json"]).succeeds().json();
    let list = list.as_array().unwrap();
    assert!(list.len() > 80, "{}", list.len());
    assert!(list.iter().all(|code| code["meaning"].is_string() && code["group"].is_string()));
}

#[test]
fn a_code_is_explained_to_programs() {
    let room = Room::new("explain_error_json");
    let code = room.run(&["explain-error", "unknown_key", "--format", "json"]).succeeds().json();
    assert_eq!(code["code"], "unknown_key");
    assert_eq!(code["severity"], "error");
    assert_eq!(code["wrong"][0]["document"], "policy.yaml");
    assert!(code["says"].as_str().unwrap().starts_with("error[unknown_key]: "));
    let code = room.run(&["explain-error", "too_deep", "--format", "json"]).succeeds().json();
    assert_eq!(code["says"], serde_json::Value::Null);
}

#[test]
fn a_code_that_is_not_there_is_a_problem_with_the_nearest() {
    let room = Room::new("explain_error_typo");
    room.run(&["explain-error", "undeclared_feild"])
        .fails(&["error[unknown_code]", "did you mean `undeclared_field`?"]);
    room.run(&["explain-error", "E0308"]).fails(&["`actra explain-error` lists all codes"]);
}
