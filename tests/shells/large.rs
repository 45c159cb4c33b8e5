//! An account as large as an environment can carry.

use crate::account::Account;
use crate::follow::each;
use crate::pty::Terminal;

#[test]
fn ten_thousand_variables_come_and_go() {
    let names: Vec<String> = (0..10_000).map(|number| format!("VARIABLE_{number:05}")).collect();
    let (short, long) = ("s".repeat(100), "l".repeat(100_000));
    let mut variables: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), short.as_str())).collect();
    variables.push(("LONG", &long));
    each(|shell| {
        let account = Account::with(&variables);
        let mut terminal = Terminal::open(&account.home, shell);
        let count = "env | grep -c '^VARIABLE_[0-9]*=s\\{100\\}$'; env | grep '^LONG=' | wc -c";
        let text = terminal.run(count);
        assert!(text.contains("10000\r\n100006\r\n"), "{shell:?}: {text:.300}");
        // Too many for an exported ledger: what children inherit of it stays small.
        let ledger = terminal.inherited("__vastenv_ledger");
        assert!(ledger.len() < 100, "{shell:?}: {} bytes", ledger.len());
        terminal.run(&shell.export("VASTENV_DISABLE", "1"));
        let text = terminal.run("env | grep -c '^VARIABLE_\\|^LONG=' | sed s/^/left:/");
        assert!(text.contains("left:0\r\n"), "{shell:?}: {text:.300}");
    });
}
