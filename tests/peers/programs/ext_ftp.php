<?php
// PHP's ext/ftp.
[, $host, $port, $user, $password, $folder, $security, $mode] = $argv;
const HALF = 100000;

function enter(): FTP\Connection
{
    global $host, $port, $user, $password, $folder, $security, $mode;
    $connect = $security === 'tls' ? 'ftp_ssl_connect' : 'ftp_connect';
    $ftp = $connect($host, (int) $port, 30) ?: exit("no connection\n");
    ftp_login($ftp, $user, $password) || exit("no login\n");
    ftp_pasv($ftp, $mode === 'passive');
    ftp_chdir($ftp, $folder) || exit("no folder\n");
    return $ftp;
}

function abandon(string $name): bool
{
    global $ftp;
    $went = ftp_nb_get($ftp, $name, $name, FTP_BINARY);
    while ($went === FTP_MOREDATA && filesize($name) < HALF) {
        $went = ftp_nb_continue($ftp);
        clearstatcache();
    }
    // it has no way to give up but to leave
    ftp_close($ftp);
    $ftp = enter();
    return $went === FTP_MOREDATA;
}

function step(string $verb, string $name): mixed
{
    global $ftp;
    return match ($verb) {
        'list' => print(implode("\n", ftp_rawlist($ftp, '.') ?: []) . "\n"),
        'fetch', 'miss' => ftp_get($ftp, $name, $name, FTP_BINARY),
        'store' => ftp_put($ftp, $name, $name, FTP_BINARY),
        'resume' => ftp_get($ftp, $name, $name, FTP_BINARY, filesize($name)),
        'continue' => ftp_put($ftp, $name, $name, FTP_BINARY, HALF),
        'abandon' => abandon($name),
    };
}

$ftp = enter();
foreach (file('php://stdin', FILE_IGNORE_NEW_LINES) as $line) {
    [$verb, $name] = explode("\t", $line);
    step($verb, $name) || print("refused $name\n");
}
ftp_close($ftp);
