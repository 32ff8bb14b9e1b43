# Perl's Net::FTP.
use strict;
use warnings;
use Net::FTP;

$| = 1;
open STDERR, '>&', \*STDOUT;
my ($host, $port, $user, $password, $folder, $security, $mode) = @ARGV;
my $half = 100_000;
my $ftp = Net::FTP->new($host, Port => $port, Passive => $mode eq 'passive', Timeout => 30,
    Debug => 1, SSL_verify_mode => 0) or die "no connection: $@";
$security eq 'tls' and ($ftp->starttls or die 'no TLS: ', $ftp->message);
$ftp->login($user, $password) or die 'no login: ', $ftp->message;
$security eq 'tls' and ($ftp->prot('P') or die 'no PROT: ', $ftp->message);
$ftp->binary;
$ftp->cwd($folder) or die $ftp->message;

my %verbs = (
    list => sub { print "listed $_\n" for $ftp->dir; 1 },
    fetch => sub { $ftp->get($_[0]) },
    store => sub { $ftp->put($_[0]) },
    miss => sub { $ftp->get($_[0]) },
    resume => sub { $ftp->get($_[0], $_[0], -s $_[0]) },
    continue => sub {
        open my $rest, '<:raw', $_[0] or die $!;
        sysseek $rest, $half, 0;
        $ftp->append($rest, $_[0]);
    },
    abandon => sub {
        my $data = $ftp->retr($_[0]) or return;
        my $taken = 0;
        while ($taken < $half) {
            my $got = $data->read(my $buffer, 10_000) or last;
            $taken += $got;
        }
        $data->abort;
    },
);
while (<STDIN>) {
    chomp;
    my ($verb, $name) = split /\t/;
    $verbs{$verb}->($name) or print "refused $name ", $ftp->message;
}
$ftp->quit;
