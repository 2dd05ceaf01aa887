import CLI
import URLTransport

// `askonce` on a stage: the same command line over the same network, but for a clock and dice that a script holds. So what a day at
// the desk prints is the same every time, ids and times included, and can be a golden file (`.ci/e2e/day`). No product is built
// from this.
CLI.main(connect: { server in try URLTransport(server) }, system: Stage.environment())
