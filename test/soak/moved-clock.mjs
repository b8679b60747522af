// Loaded before a command: its clock is ahead by so much. Time passes in the tests by starting processes anew.
const aheadMs = Number(process.env['GRENIER_TEST_AHEAD_MS'] ?? 0)
const now = Date.now.bind(Date)

Date.now = () => now() + aheadMs
