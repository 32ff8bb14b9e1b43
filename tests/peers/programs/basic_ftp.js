// basic-ftp for Node; where it is installed stands in NODE_PATH.
const { createReadStream, createWriteStream, readFileSync, statSync } = require("fs")
const { Writable } = require("stream")
const { Client } = require("basic-ftp")

const [host, port, user, password, folder, security] = process.argv.slice(2)
const HALF = 100000

class GivingUp extends Writable {
    taken = 0
    _write(chunk, encoding, done) {
        this.taken += chunk.length
        done(this.taken < HALF ? null : new Error("given up"))
    }
}

async function main() {
    const client = new Client(30000)
    client.ftp.log = text => console.log(text)
    client.ftp.verbose = true
    const enter = async () => {
        await client.access({
            host, port: Number(port), user, password,
            secure: security === "tls", secureOptions: { rejectUnauthorized: false },
        })
        await client.cd(folder)
    }
    const verbs = {
        list: async () => (await client.list()).forEach(each => console.log("listed", each.name)),
        fetch: name => client.downloadTo(createWriteStream(name), name),
        store: name => client.uploadFrom(createReadStream(name), name),
        miss: name => client.downloadTo(new GivingUp(), name),
        abandon: name => client.downloadTo(new GivingUp(), name),
        resume: name => {
            const start = statSync(name).size
            return client.downloadTo(createWriteStream(name, { flags: "a" }), name, start)
        },
        continue: async name => {
            const start = await client.size(name)
            return client.appendFrom(createReadStream(name, { start }), name)
        },
    }
    await enter()
    for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
        const [verb, name] = line.split("\t")
        try {
            await verbs[verb](name)
        } catch (error) {
            console.log("refused", name, String(error))
        }
        // it leaves the session behind whatever it gave up itself, and means one to begin anew
        if (verb === "abandon" && client.closed) await enter()
    }
    client.close()
}

main().catch(error => {
    console.log("no session", String(error))
    process.exit(1)
})
