import Storage
import TestSupport
import Testing
