# Ruby's net/ftp.
require "net/ftp"
require "openssl"

host, port, user, password, folder, security, mode = ARGV
HALF = 100_000
$stdout.sync = true
$stderr.reopen($stdout)

class GivenUp < StandardError; end

ssl = security == "tls" ? { verify_mode: OpenSSL::SSL::VERIFY_NONE } : false
ftp = Net::FTP.new(
  host, port: port.to_i, username: user, password: password, ssl: ssl,
  passive: mode == "passive", debug_mode: true, open_timeout: 30, read_timeout: 30
)
ftp.chdir(folder)
verbs = {
  "list" => ->(_) { ftp.list { |line| puts "listed #{line}" } },
  "fetch" => ->(name) { ftp.getbinaryfile(name) },
  "store" => ->(name) { ftp.putbinaryfile(name) },
  "miss" => ->(name) { ftp.getbinaryfile(name) },
  "resume" => lambda do |name|
    ftp.resume = true
    ftp.getbinaryfile(name)
    ftp.resume = false
  end,
  "continue" => lambda do |name|
    ftp.resume = true
    ftp.putbinaryfile(name)
    ftp.resume = false
  end,
  "abandon" => lambda do |name|
    taken = 0
    begin
      ftp.retrbinary("RETR #{name}", 16_384) do |chunk|
        taken += chunk.bytesize
        raise GivenUp if taken >= HALF
      end
    rescue GivenUp
      begin
        ftp.send(:voidresp) # nobody has read the last word of the transfer yet
      rescue Net::FTPError => e
        puts "refused #{name} #{e.message}"
      end
    end
  end
}
$stdin.each_line(chomp: true) do |line|
  verb, name = line.split("\t")
  verbs[verb].call(name)
rescue Net::FTPError => e
  puts "refused #{name} #{e.message}"
end
ftp.quit
ftp.close
