import CLI

// Without the network: commands that need it are left to `askonce-net`.
CLI.main(connect: nil)
