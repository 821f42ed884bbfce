//! A program that prints the password: once for every connection, since those of clouds expire.

use std::process::{Command, Stdio};

use crate::config::PasswordCommand;

impl PasswordCommand {
    /// Runs it. What it prints is never shown, and neither is what it says on stderr, which may quote it.
    pub(crate) fn run(&self) -> Result<String, String> {
        let mut command = match self {
            PasswordCommand::Shell(line) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(line);
                shell
            }
            PasswordCommand::Program(words) => {
                let mut command = Command::new(&words[0]);
                command.args(&words[1..]);
                command
            }
        };
        let ran = command.stdin(Stdio::null()).stderr(Stdio::null()).output();
        let output = ran.map_err(|it| format!("password_command cannot be started: {it}"))?;
        if !output.status.success() {
            return Err(format!(
                "password_command failed ({}); run it by hand to see what it says",
                output.status
            ));
        }
        let text = String::from_utf8(output.stdout)
            .map_err(|_| "password_command printed something that is not UTF-8".to_owned())?;
        let password = text.strip_suffix('\n').unwrap_or(&text);
        let password = password.strip_suffix('\r').unwrap_or(password);
        if password.is_empty() {
            return Err("password_command printed nothing".to_owned());
        }
        Ok(password.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_prints_is_the_password_and_is_told_to_nobody() {
        let shell = |it: &str| PasswordCommand::Shell(it.to_owned()).run();
        assert_eq!(shell("echo secret"), Ok("secret".to_owned()));
        assert_eq!(shell("printf 'a b '"), Ok("a b ".to_owned()));
        for line in ["echo canary; echo canary >&2; exit 3", "true", "printf '\\377canary'"] {
            let problem = shell(line).unwrap_err();
            assert!(problem.starts_with("password_command"), "{problem}");
            assert!(!problem.contains("canary"), "{problem}");
        }
        let words = ["printf", "%s", "a;b"].map(str::to_owned).to_vec();
        assert_eq!(PasswordCommand::Program(words).run(), Ok("a;b".to_owned()));
        let missing = PasswordCommand::Program(vec!["./no-such-program".to_owned()]).run();
        assert!(missing.unwrap_err().contains("cannot be started"));
    }
}
