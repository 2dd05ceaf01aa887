import Foundation

// Foundation is loaded and used once, so that no linker leaves it out.
exit(NSString(string: "").length == 0 ? 0 : 1)
