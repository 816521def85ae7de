# W5 for regorus: a chain of `else`, so that evaluation ends with the first rule that matches. Patterns
# are compiled once: regorus keeps them. Hosts are given in lower case.
package guard

as_root if startswith(input.action.command, "sudo ")

as_root if startswith(input.action.command, "doas ")

as_root if startswith(input.action.command, "su ")

sweeping if contains(input.action.command, "rm -rf")

sweeping if contains(input.action.command, "--no-preserve-root")

sweeping if contains(input.action.command, "mkfs.")

inside if input.action.path == "/workspace"

inside if startswith(input.action.path, "/workspace/")

inside if input.action.path == "/tmp/agent"

inside if startswith(input.action.path, "/tmp/agent/")

inside if input.action.path == "/usr/share/dict"

inside if startswith(input.action.path, "/usr/share/dict/")

known_host if input.action.host == "example.com"

known_host if endswith(input.action.host, ".example.com")

known_host if input.action.host == "example.org"

known_host if endswith(input.action.host, ".example.org")

known_host if input.action.host == "packages.example.net"

known_host if endswith(input.action.host, ".packages.example.net")

payments if input.action.host == "pay.example.com"

payments if endswith(input.action.host, ".pay.example.com")

payments if input.action.host == "ledger.example.org"

payments if endswith(input.action.host, ".ledger.example.org")

keys if endswith(input.action.path, ".pem")

keys if endswith(input.action.path, ".key")

keys if endswith(input.action.path, "/id_ed25519")

everyday if startswith(input.action.command, "git ")

everyday if startswith(input.action.command, "ls ")

everyday if startswith(input.action.command, "cat ")

everyday if startswith(input.action.command, "curl ")

default decision := "block"

decision := "block as_root" if {
	as_root
} else := "block sweeping" if {
	sweeping
} else := "block piped_to_a_shell" if {
	regex.match(`^(?:(curl|wget) .*\| *(ba|z)?sh( .*)?)$`, input.action.command)
} else := "block outside_of_the_workspace" if {
	not inside
} else := "block foreign_host" if {
	not known_host
} else := "require_approval payments" if {
	payments
} else := "require_approval keys" if {
	keys
} else := "require_approval pushed" if {
	regex.match(`^(?:git( -[a-z]+)* push( .*)?)$`, input.action.command)
} else := "allow everyday" if {
	everyday
}
