"""Unpacks the named parts of wheels into a folder: unpack.py FOLDER PREFIX[,PREFIX…] WHEEL…

A member is taken where its path starts with one of the prefixes. Paths that would leave the folder are refused.
"""
import os
import sys
import zipfile

folder, prefixes, wheels = os.path.abspath(sys.argv[1]), tuple(sys.argv[2].split(",")), sys.argv[3:]
taken = 0
for wheel in wheels:
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if not member.filename.startswith(prefixes):
                continue
            target = os.path.abspath(os.path.join(folder, member.filename))
            if not target.startswith(folder + os.sep):
                sys.exit("%s holds a path outside its folder: %s" % (wheel, member.filename))
            archive.extract(member, folder)
            if member.external_attr >> 16 & 0o111 and not member.is_dir():  # zipfile forgets who may run a file: ptxas, redis-server
                os.chmod(target, 0o755)
            taken += 1
print(taken)
