//! `actra eval` of JSON Lines.

use crate::support::{ALLOW, APPROVAL, BAD, BLOCK, Room};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

const ARGS: [&str; 6] = ["eval", "policy", "--input", "-", "--format", "json"];

#[test]
fn each_line_is_answered_before_the_next_one_is_sent() {
    let room = Room::new("stream_live");
    for format in ["auto", "jsonl"] {
        let mut command = room.command(&[&ARGS as &[_], &["--input-format", format]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            stdout.lines().for_each(|line| sender.send(line.unwrap()).unwrap());
        });
        let inputs = [(ALLOW, "allow"), (BAD, "wrong_type"), (BLOCK, "block"), (ALLOW, "allow")];
        for (input, answer) in inputs {
            writeln!(stdin, "{input}").unwrap();
            let line = answers.recv_timeout(Duration::from_secs(20)).expect("there is an answer");
            assert!(line.contains(answer), "{line}");
        }
        drop(stdin);
        assert_eq!(child.wait().unwrap().code(), Some(1));
        reader.join().unwrap();
    }
}

#[test]
fn every_line_has_its_answer_in_order() {
    let room = Room::new("stream_order");
    let inputs: Vec<&str> = [ALLOW, APPROVAL, BLOCK, BAD, "nonsense", "[]"].repeat(500);
    let run = room.feed(&ARGS, inputs.join("\n"));
    assert_eq!(run.status, 1);
    let answers: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(answers.len(), inputs.len());
    for (input, answer) in inputs.iter().zip(answers) {
        let (key, value) = match *input {
            ALLOW => ("effect", "allow"),
            APPROVAL => ("effect", "require_approval"),
            BLOCK => ("effect", "block"),
            BAD => ("code", "wrong_type"),
            _ => ("code", "malformed"),
        };
        assert!(answer.contains(&format!("\"{key}\":\"{value}\"")), "{input}: {answer}");
    }
}

#[test]
fn blank_lines_are_skipped_and_lines_are_numbered_for_people() {
    let room = Room::new("stream_blank");
    let input = format!("\n{ALLOW}\r\n  \t\n\n{BAD}\n{{\"a\": ]}}\n{BLOCK}");
    let run = room.feed(&["eval", "policy", "--input", "-"], input);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 5, "{run:?}");
    assert_eq!(lines[0], "allow by small");
    assert!(lines[1].starts_with("input error[wrong_type] on line 5: "), "{run:?}");
    assert!(lines[2].starts_with("input error[malformed] on line 6: "), "{run:?}");
    assert!(lines[2].contains(" at column ") && !lines[2].contains("line 1"), "{run:?}");
    assert_eq!(lines[3], "block by huge");
}

#[test]
fn a_line_over_the_limit_is_an_error_and_the_stream_goes_on() {
    let room = Room::new("stream_large");
    let large = ALLOW.replace("}}", &format!(", \"note\": \"{}\"}}}}", "x".repeat(17 << 20)));
    let input = format!("{large}\n{ALLOW}\n{large}\n{BLOCK}\n");
    for format in ["auto", "jsonl"] {
        let run = room.feed(&[&ARGS as &[_], &["--input-format", format]].concat(), &input);
        let answers: Vec<&str> = run.stdout.lines().collect();
        assert_eq!(answers.len(), 4, "{run:?}");
        assert!(answers[0].contains("\"too_large\""), "{run:?}");
        assert!(answers[1].contains("\"allow\""), "{run:?}");
        assert!(answers[2].contains("\"too_large\""), "{run:?}");
        assert!(answers[3].contains("\"block\""), "{run:?}");
    }
}

#[test]
fn the_status_tells_the_most_restrictive_answer() {
    let room = Room::new("stream_status");
    let args = [&ARGS as &[_], &["--exit-code", "--input-format", "jsonl"]].concat();
    for (inputs, told) in [
        (&[ALLOW, ALLOW] as &[_], 0),
        (&[ALLOW, APPROVAL, ALLOW], 3),
        (&[APPROVAL, BLOCK, ALLOW], 2),
        (&[BLOCK, BAD, ALLOW], 4),
        (&["", ""], 4),
    ] {
        assert_eq!(room.feed(&args, inputs.join("\n")).status, told, "{inputs:?}");
    }
}

#[test]
fn a_stream_without_lines_has_no_answers() {
    let room = Room::new("stream_empty");
    let args = [&ARGS as &[_], &["--input-format", "jsonl"]].concat();
    let run = room.feed(&args, "\n").succeeds();
    assert_eq!((run.stdout, run.stderr), (String::new(), String::new()));
    let run =
        room.feed(&["eval", "policy", "-i", "-", "--input-format", "jsonl", "--exit-code"], "");
    assert_eq!(run.status, 4);
    assert!(run.stderr.contains("there was no input, so nothing is allowed"), "{run:?}");
}

#[test]
fn a_closed_pipe_ends_it_quietly_and_not_with_an_allow() {
    let room = Room::new("stream_closed");
    for args in [&["eval", "policy", "--input", "-", "--exit-code"] as &[_], &["inspect", "policy"]]
    {
        let run = || {
            let mut command = room.command(args);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            drop(child.stdout.take());
            let mut stdin = child.stdin.take().unwrap();
            let _ = writeln!(stdin, "{ALLOW}");
            drop(stdin);
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.stderr, b"", "{args:?}");
            output.status.code()
        };
        // A process that another test starts just then may hold the pipe open for a moment.
        let told = (0..50).map(|_| run()).find(|told| *told != Some(0));
        assert_eq!(told, Some(Some(141)), "{args:?}");
    }
}

#[test]
fn an_error_in_a_stream_names_the_line_of_the_stream() {
    let room = Room::new("stream_line");
    let args = ["eval", "policy", "--input", "-", "--input-format", "jsonl", "--format", "json"];
    let run = room.feed(&args, format!("{ALLOW}\n{{bad\n"));
    let answer = run.stdout.lines().nth(1).unwrap();
    assert!(answer.contains(" at line 2 column "), "{run:?}");
}
