const { main } = await import('../../packages/relay/src/cli/main.ts'); await main(process.argv.slice(2))
