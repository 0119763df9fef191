//! How a command answers: one report, rendered once, to people or as one JSON object.

use core::{fmt::Write as _, iter};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;

use crate::error::{Failure, Result};
use crate::text::is_deceptive;

/// What a command found out.
pub trait Report: Serialize {
    /// The name and version of the JSON form, `twinseal.<command>/1`. Fields are only ever added within a version.
    const SCHEMA: &'static str;

    /// Writes the report for people.
    ///
    /// # Errors
    ///
    /// Only those of `out`.
    fn human(&self, out: &mut dyn Write) -> io::Result<()>;

    /// Whether the report says yes or no.
    fn exit(&self) -> Exit {
        Exit::Success
    }

    /// Whether the result itself went to standard output (`--out -`); the report then goes to standard error.
    fn stdout_taken(&self) -> bool {
        false
    }
}

/// The verdict of a report, as an exit code. A [`Failure`] is 2 and has no report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: yes, or done.
    Success,
    /// 1: examined, and refused.
    Refused,
    /// 3: two implementations do not agree; nothing may be concluded from either.
    Disagreement,
}

impl Exit {
    /// The exit code of the process.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Refused => 1,
            Self::Disagreement => 3,
        }
    }
}

/// Who reads the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// People.
    #[default]
    Human,
    /// Programs: one JSON object on standard output; of a directory, one on each line.
    Json,
}

/// Renders what a command returned on the process's own streams and gives its exit code.
pub fn conclude<R: Report>(outcome: Result<R>, format: Format) -> ExitCode {
    ExitCode::from(render(outcome, format, &mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Renders a command line that could not be understood, or the help that was asked for.
///
/// Whoever asked for JSON gets JSON here as well, although the arguments did not parse: they are searched for `--format json`.
pub fn misused(usage: &clap::Error, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    if usage.use_stderr() && wants_json(arguments) {
        // Up to the first empty line clap says what is wrong; then follow tips and the usage.
        let text = usage.render().to_string();
        let said: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
        let what = said.join(" ").trim_start_matches("error: ").to_owned();
        let failure = Failure::new(what).remedy("`twinseal --help` lists the commands and their options");
        return ExitCode::from(fail(&failure, Format::Json, &mut io::stdout().lock(), &mut io::stderr().lock()));
    }
    // Nothing can be said about a stream that takes no more text, and the exit code stands.
    let _ = usage.print();
    ExitCode::from(if usage.use_stderr() { FAILED } else { Exit::Success.code() })
}

fn wants_json(arguments: impl IntoIterator<Item = OsString>) -> bool {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let following = arguments.iter().skip(1).map(Some).chain(iter::once(None));
    arguments.iter().zip(following).any(|(argument, next)| {
        argument == "--format=json" || (argument == "--format" && next.is_some_and(|value| value == "json"))
    })
}

/// Renders a failure on the process's own streams and gives its exit code.
#[must_use]
pub fn failed(failure: &Failure, format: Format) -> ExitCode {
    ExitCode::from(fail(failure, format, &mut io::stdout().lock(), &mut io::stderr().lock()))
}

/// Appends a report as one JSON object on one line.
pub(crate) fn json_line<R: Report>(report: &R, line: &mut Vec<u8>) -> io::Result<()> {
    json(line, &Tagged { schema: R::SCHEMA, content: report })
}

/// Appends a failure as one JSON object on one line, with the file it is about.
pub(crate) fn json_failure(failure: &Failure, bundle: Option<String>, line: &mut Vec<u8>) -> io::Result<()> {
    let content = Failed { bundle, error: failure.to_string(), remedy: failure.advice() };
    json(line, &Tagged { schema: "twinseal.failure/1", content: &content })
}

fn render<R: Report>(outcome: Result<R>, format: Format, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let report = match outcome {
        Ok(report) => report,
        Err(failure) => return fail(&failure, format, stdout, stderr),
    };
    let mut text = Vec::new();
    let rendered = match format {
        Format::Human => report.human(&mut text),
        Format::Json => json(&mut text, &Tagged { schema: R::SCHEMA, content: &report }),
    };
    let written =
        rendered.and_then(|()| if report.stdout_taken() { deliver(&text, stderr) } else { deliver(&text, stdout) });
    match written {
        Ok(()) => report.exit().code(),
        // Standard output is the one stream that can't take this failure, so it is told in words.
        Err(error) => {
            fail(&Failure::new("the report could not be written").because(error), Format::Human, stdout, stderr)
        }
    }
}

fn fail(failure: &Failure, format: Format, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let written = match format {
        Format::Human => {
            let mut text = format!("error: {failure}\n");
            if let Some(remedy) = failure.advice() {
                // Writing to a `String` does not fail.
                let _ = writeln!(text, "  help: {remedy}");
            }
            deliver(text.as_bytes(), stderr)
        }
        Format::Json => {
            let mut text = Vec::new();
            json_failure(failure, None, &mut text).and_then(|()| deliver(&text, stdout))
        }
    };
    // The exit code still says it when no stream does.
    drop(written);
    FAILED
}

fn json<T: Serialize>(text: &mut Vec<u8>, object: &T) -> io::Result<()> {
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut *text, Plain))?;
    text.push(b'\n');
    Ok(())
}

/// Compact JSON in which no character can act on what shows it: those are written by their numbers, and no reader loses anything.
struct Plain;

impl serde_json::ser::Formatter for Plain {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return out.write_all(fragment.as_bytes());
        }
        for c in fragment.chars() {
            if is_deceptive(c) {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            } else {
                write!(out, "{c}")?;
            }
        }
        Ok(())
    }
}

/// Writes all of `text`. A reader that went away (`| head`) is no error: it has what it wanted, and the exit code stands.
fn deliver(text: &[u8], out: &mut dyn Write) -> io::Result<()> {
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[derive(Serialize)]
struct Tagged<'a, T> {
    schema: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

#[derive(Serialize)]
struct Failed<'a> {
    /// Where many were examined: which one it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<String>,
    error: String,
    remedy: Option<&'a str>,
}

/// The exit code of a failure.
pub(crate) const FAILED: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Sample {
        verdict: &'static str,
        #[serde(skip)]
        aside: bool,
    }

    impl Report for Sample {
        const SCHEMA: &'static str = "twinseal.sample/1";

        fn human(&self, out: &mut dyn Write) -> io::Result<()> {
            writeln!(out, "verdict: {}", self.verdict)
        }

        fn exit(&self) -> Exit {
            if self.verdict == "no" { Exit::Refused } else { Exit::Success }
        }

        fn stdout_taken(&self) -> bool {
            self.aside
        }
    }

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn rendered(outcome: Result<Sample>, format: Format) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = render(outcome, format, &mut out, &mut err);
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    fn sample(verdict: &'static str) -> Sample {
        Sample { verdict, aside: false }
    }

    #[test]
    fn json_is_one_object_that_names_its_schema() {
        let expected = "{\"schema\":\"twinseal.sample/1\",\"verdict\":\"no\"}\n";
        assert_eq!(rendered(Ok(sample("no")), Format::Json), (1, expected.into(), String::new()));
    }

    #[test]
    fn nothing_in_json_acts_on_a_terminal_and_nothing_is_lost() {
        let hostile = "a\u{1b}[2J\u{7f}\u{9b}31m\u{202e}gnp\u{2066}\u{e0041}\u{200b}\u{2028}\u{feff} \"\\ \u{e9}\u{65e5}<\u{1f512}";
        let mut text = Vec::new();
        json(&mut text, &hostile).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.trim_end().chars().filter(|c| is_deceptive(*c)).count(), 0, "{text:?}");
        assert!(text.contains("\\u202e") && text.contains("\\udb40\\udc41") && text.contains("\u{1f512}"), "{text}");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }

    #[test]
    fn a_failure_is_one_object_too() {
        let failure = Failure::new("no such file").remedy("make one");
        let expected = "{\"schema\":\"twinseal.failure/1\",\"error\":\"no such file\",\"remedy\":\"make one\"}\n";
        assert_eq!(rendered(Err(failure), Format::Json), (2, expected.into(), String::new()));
    }

    #[test]
    fn people_get_the_result_on_stdout_and_failures_on_stderr() {
        assert_eq!(rendered(Ok(sample("yes")), Format::Human), (0, "verdict: yes\n".into(), String::new()));
        let failure = Failure::new("no such file").remedy("make one");
        let expected = "error: no such file\n  help: make one\n";
        assert_eq!(rendered(Err(failure), Format::Human), (2, String::new(), expected.into()));
    }

    #[test]
    fn a_report_steps_aside_when_the_result_is_on_stdout() {
        let report = Sample { verdict: "yes", aside: true };
        assert_eq!(rendered(Ok(report), Format::Human), (0, String::new(), "verdict: yes\n".into()));
    }

    #[test]
    fn a_broken_pipe_keeps_the_verdict_and_a_full_disk_does_not() {
        let to = |kind| render(Ok(sample("no")), Format::Json, &mut Broken(kind), &mut Vec::new());
        assert_eq!(to(io::ErrorKind::BrokenPipe), 1);
        assert_eq!(to(io::ErrorKind::StorageFull), 2);
    }

    #[test]
    fn json_is_found_in_arguments_that_do_not_parse() {
        let found = |line: &str| wants_json(line.split(' ').map(OsString::from));
        assert!(found("twinseal keygen --format json"));
        assert!(found("twinseal --format=json"));
        assert!(!found("twinseal --format human json"));
        assert!(!found("twinseal keygen --format"));
    }
}
